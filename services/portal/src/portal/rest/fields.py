"""A table of fields: the names of the wire on one side, ours on the other, and all that follows from it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Self

from kernel.conditions import Operator, Sorting
from portal.rest import filters, kinds, multifields
from portal.rest.filters import NOTHING, Conditions, Nothing
from portal.rest.kinds import Kind
from portal.rest.method import CallError

__all__ = ["Field", "Fields", "Kind"]

DYNAMIC = "UF_"
ALL, ALL_DYNAMIC = "*", "UF_*"


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    ``ours``: its name in our domain, perhaps dotted ("address.city"); "" for one we do not keep, whose
    value is always ``constant``. ``empty``: how the wire shows that it has no value. ``is_number``: a JSON
    number, not its digits in a string. ``more``: what ``*.fields`` says of it besides.
    """

    name: str
    ours: str
    kind: Kind
    title: str = ""
    is_required: bool = False
    is_read_only: bool = False
    is_immutable: bool = False
    is_multiple: bool = False
    is_dynamic: bool = False
    status_type: str = ""
    constant: Any = None
    empty: Any = None
    is_number: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)

    def described(self) -> dict[str, Any]:
        """Return what ``*.fields`` says of it."""
        status_type = {"statusType": self.status_type} if self.status_type else {}
        return {
            "type": self.kind.value,
            "isRequired": self.is_required,
            "isReadOnly": self.is_read_only,
            "isImmutable": self.is_immutable,
            "isMultiple": self.is_multiple,
            "isDynamic": self.is_dynamic,
            **status_type,
            "title": self.title or self.name,
            **self.more,
        }

    def read(self, value: Any) -> Any:
        """Return what was sent for it: ``None`` if empty, a list if it holds several.

        Of a multifield they are ``multifields.Given``.
        """
        if self.kind is Kind.CRM_MULTIFIELD:
            return multifields.read(self.name, value)
        if not self.is_multiple:
            return self.read_one(value)
        items = value.values() if isinstance(value, Mapping) else value
        several = items if isinstance(value, list | Mapping) else [value]
        return [one for one in map(self.read_one, several) if one is not None]

    def as_compared(self, operator: Operator) -> Self:
        """Return as what the values of a filter are read: a part is a text, and 0 may be exceeded."""
        if operator in filters.WITH_TEXTS:
            return replace(self, kind=Kind.STRING)
        if operator in filters.ORDERED and self.kind in kinds.IDENTIFIERS:
            return replace(self, kind=Kind.INTEGER)
        return self

    def read_one(self, value: Any) -> Any:
        """Return one value, ``None`` if empty; raise the error the caller is told."""
        try:
            return kinds.read(self.kind, value)
        except kinds.UnreadableError:
            raise CallError(400, "", f"Invalid value of field {self.name}.") from None

    def render(self, value: Any) -> Any:
        """Return a value of ours as it goes over the wire."""
        if value is None:
            return self.empty
        if self.is_multiple:
            return [kinds.render(self.kind, one, is_number=self.is_number) for one in value]
        return kinds.render(self.kind, value, is_number=self.is_number)


class Fields:
    """The fields of one kind of thing. Names are matched in any letter case."""

    def __init__(self, fields: Iterable[Field], *, default: Sequence[str] = (ALL,)) -> None:
        """``default``: what a list shows if nothing is selected."""
        self._fields = {f.name.upper(): f for f in fields}
        self._default = default

    def with_more(self, fields: Iterable[Field]) -> Self:
        """Return these fields and, after them, those which a portal has added."""
        return type(self)([*self._fields.values(), *fields], default=self._default)

    def find(self, name: str) -> Field | None:
        """Return the field of this name."""
        return self._fields.get(name.upper())

    def described(self) -> dict[str, Any]:
        """Return the answer of ``*.fields``."""
        return {f.name: f.described() for f in self._fields.values()}

    def read(self, given: Mapping[str, Any], *, is_change: bool = False) -> dict[str, Any]:
        """Return ``{ours: value}``; names that are unknown, read-only or not to be changed are ignored."""
        values = {}
        for name, value in given.items():
            found = self.find(name)
            if found is None or not found.ours or found.is_read_only:
                continue
            if not (is_change and found.is_immutable):
                values[found.ours] = found.read(value)
        return values

    def render(self, value_of: Callable[[str], Any], selected: Iterable[Field]) -> dict[str, Any]:
        """Return one thing as it goes over the wire; ``value_of`` gives its values by our names."""
        return {f.name: f.render(value_of(f.ours)) if f.ours else f.constant for f in selected}

    def selected(self, select: Iterable[Any] = ()) -> tuple[Field, ...]:
        """Return the fields of a ``select``: ``*``, ``UF_*`` and names; unknown ones are ignored."""
        names = [name.strip().upper() for name in select if isinstance(name, str) and name.strip()]
        wanted: dict[str, Field] = {}
        for name in names or self._default:
            wanted |= {f.name: f for f in self._selected_by(name)}
        return tuple(wanted.values())

    def conditions(self, given: Mapping[str, Any]) -> Conditions | Nothing:
        """Return the conditions of a filter; ``NOTHING`` if nothing passes. Unknown names are ignored."""
        found = []
        for key, value in given.items():
            operator, name = filters.split(key)
            compared = self.find(name)
            if compared is None:
                continue
            read = partial(Field.read_one, compared.as_compared(operator))
            condition = filters.condition(operator, value, compared.ours, read)
            if condition is NOTHING:
                return NOTHING
            if condition is not None and compared.ours:
                found.append(condition)
            elif condition is not None and not filters.holds(condition, read(compared.constant)):
                return NOTHING
        return tuple(found)

    def order(self, given: Mapping[str, Any]) -> tuple[Sorting, ...]:
        """Return the order asked for; unknown names and those that have no order are ignored."""
        order: dict[str, Sorting] = {}
        for name, direction in given.items():
            found = self.find(name)
            if found is not None and found.ours and not found.is_multiple:
                is_descending = str(direction).strip().lower().startswith("desc")
                order.setdefault(found.ours, Sorting(found.ours, is_descending))
        return tuple(order.values())

    def _selected_by(self, name: str) -> Iterable[Field]:
        if name == ALL:
            return [f for f in self._fields.values() if not f.is_multiple and not f.is_dynamic]
        if name == ALL_DYNAMIC:
            return [f for f in self._fields.values() if f.is_dynamic]
        found = self.find(name)
        return () if found is None else (found,)
