"""What a module says of a compatible method, and what the method is given and gives back."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from kernel.messages import DEFAULT_LOCALE
from portal.context import RequestContext, Role

PAGE = 50
"""Items in a page of a list; no caller can change it."""
HIGHEST_INTEGER = 2**63 - 1
TRUE_WORDS = frozenset({"1", "y", "yes", "true", "on"})


class CallError(Exception):
    """A documented error, as it goes over the wire: ``{"error": code, "error_description": text}``."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(status, code, text)
        self.status = status
        self.code = code
        self.text = text


class Start(int):
    """Where a page begins. Any negative number asks for the first page, and for no count."""

    UNCOUNTED: ClassVar["Start"]

    @property
    def is_counted(self) -> bool:
        """Whether ``total`` is wanted."""
        return self >= 0

    @property
    def offset(self) -> int:
        """How many items come before the page."""
        return max(0, self)


Start.UNCOUNTED = Start(-1)


@dataclass(frozen=True, slots=True)
class Caller:
    """By whose leave a method is called, and what that leave covers."""

    user_id: int
    role: Role
    scopes: frozenset[str]
    webhook_id: int | None = None
    kind: Literal["webhook", "application"] = "webhook"
    locale: str = DEFAULT_LOCALE


class Parameters:
    """The parameters of a call: top-level names in any letter case, values as they were sent.

    Those of a form are texts; a map sent as a list has its places as names.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = {name.lower(): value for name, value in values.items()}

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value as it was sent."""
        return self.values.get(name.lower(), default)

    def map(self, name: str) -> dict[str, Any]:
        """Return a map; PHP clients say ``[]`` for an empty one."""
        value = self.get(name)
        if isinstance(value, Mapping):
            return dict(value)
        if isinstance(value, list):
            return {str(place): item for place, item in enumerate(value)}
        if value in (None, "", False):
            return {}
        raise CallError(400, "", f"Parameter '{name}' must be array.")

    def list(self, name: str) -> list[Any]:
        """Return a list; of a map its values (``select[0]=ID&select[3]=TITLE``)."""
        return list(self.map(name).values())

    def text(self, name: str) -> str | None:
        """Return a text; ``None`` if there is none."""
        value = self.get(name)
        if value is None:
            return None
        if isinstance(value, bool):
            return "1" if value else ""
        if isinstance(value, str | int | float):
            return str(value)
        raise CallError(400, "", f"Parameter '{name}' must be string.")

    def integer(self, name: str) -> int | None:
        """Return a whole number of 64 bits; ``None`` if there is none."""
        value = self.get(name)
        if value is None or value == "":
            return None
        number = integer_of(value)
        if number is None:
            raise CallError(400, "", f"Parameter '{name}' must be integer.")
        return number

    def flag(self, name: str) -> bool:
        """Tell whether it is set: true, 1, "Y", "True", "1"; all else is not."""
        return is_true(self.get(name))

    def identifier(self, name: str = "id") -> int:
        """Return an id, which is at least 1."""
        number = integer_of(self.get(name))
        if number is None or number < 1:
            raise CallError(400, "", "ID is not defined or invalid.")
        return number

    @property
    def start(self) -> Start:
        """Where the page begins that is asked for."""
        return Start(self.integer("start") or 0)


@dataclass(slots=True)
class Call:
    """One call of one method, alone or in a batch."""

    context: RequestContext
    parameters: Parameters
    caller: Caller


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list; the frame makes ``result``, ``total`` and ``next`` of it.

    ``total`` is ``None`` where nobody counted. ``wrapped_in``: the one key of ``result``, if it has one.
    """

    items: Sequence[Any]
    total: int | None = None
    start: int = 0
    wrapped_in: str = ""

    @property
    def result(self) -> Any:
        """The value of ``result``."""
        return {self.wrapped_in: self.items} if self.wrapped_in else self.items

    @property
    def next(self) -> int | None:
        """Where the next page begins, if there is one and its number is known."""
        following = self.start + len(self.items)
        has_more = self.total is not None and self.items and following < self.total
        return following if has_more else None


@dataclass(frozen=True, slots=True)
class Method:
    """A compatible method as its module declares it.

    ``name`` as documented ("crm.lead.add"). Any of ``scopes`` suffices; none is needed if there is none.
    ``writes``: it runs in a fenced transaction, else in a read session. ``admin``: for administrators
    alone. ``differs``: how it differs from the documented one, a sentence for the reader of docs/rest.md.
    """

    name: str
    scopes: tuple[str, ...]
    run: Callable[[Call], Awaitable[Any]] = field(repr=False)
    writes: bool = False
    batchable: bool = True
    admin: bool = False
    differs: str = ""


def integer_of(value: object) -> int | None:
    """Return the whole number of 64 bits that was meant, or ``None``."""
    if isinstance(value, str):
        digits = value.strip()
        is_number = len(digits) <= 20 and digits.isascii() and digits.removeprefix("-").isdigit()
        value = int(digits) if is_number else None
    elif isinstance(value, float):
        value = int(value) if value.is_integer() else None
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if abs(value) <= HIGHEST_INTEGER else None


def is_true(value: object) -> bool:
    """Tell whether a flag is set, in any of the ways in which clients say so."""
    if isinstance(value, str):
        return value.strip().lower() in TRUE_WORDS
    return value is True or (isinstance(value, int | float) and value == 1)
