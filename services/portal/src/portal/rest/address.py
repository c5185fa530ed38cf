"""Where a request is sent: by whose leave, and to which method.

``/rest/<user>/<code>/<method>`` for a webhook, ``/rest/<method>`` for an application. Slashes may be
doubled or trail, and ``.json`` may follow.
"""

from dataclasses import dataclass, field
from typing import Self

from portal.rest.method import CallError, integer_of

SUFFIX = ".json"


@dataclass(frozen=True, slots=True)
class Address:
    """``user_id`` and ``code`` are of a webhook; the code is a secret, and shown nowhere.

    ``method`` is in lower case, "" where none is named.
    """

    method: str
    user_id: int | None = None
    code: str = field(default="", repr=False)

    @classmethod
    def of(cls, path: str) -> Self:
        """Read the path below ``/rest/``; raise for one that no version of ours has."""
        match [part for part in path.split("/") if part]:
            case [method]:
                return cls(named(method))
            case ["api", *_]:  # version 3 is not there yet
                raise CallError(404, "ERROR_METHOD_NOT_FOUND", "Method not found!")
            case [user, code]:
                return cls("", _user(user), code)
            case [user, code, method]:
                return cls(named(method), _user(user), code)
            case _:
                return cls("")


def _user(text: str) -> int | None:
    return integer_of(text) if text.isdigit() else None


def named(text: str) -> str:
    """Return the name of a method as we look it up."""
    return text.strip().lower().removesuffix(SUFFIX)
