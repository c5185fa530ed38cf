"""A question as programs ask it, told in the terms of ``comparing``.

A field of the portal's own lies in the JSON of the card under a path. The path is a parameter, and the field
is named only by that parameter and its type: so all portals share the statements.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import orjson

from db.conditions import Field as Compared
from db.conditions import Shape
from kernel.conditions import Condition, Operator, Sorting
from portal.modules.crm.domain.communications import normalised_phone
from portal.modules.crm.domain.custom.definitions import Field, FieldType
from portal.modules.crm.domain.lists import PortalLists
from portal.modules.crm.repository.comparing import FIELDS, LISTS, own

OWN = "custom."
_EXACT = frozenset({Operator.EQUAL, Operator.NOT_EQUAL, Operator.ONE_OF, Operator.NONE_OF})
_MANY = "[]"


@dataclass(frozen=True, slots=True)
class Question:
    """Conditions and order in the terms of ``comparing``, and the values of the paths in them."""

    conditions: tuple[Condition, ...]
    sorting: tuple[Sorting, ...]
    paths: Mapping[str, str]


async def told(
    conditions: Sequence[Condition],
    sorting: Sequence[Sorting],
    lists: Callable[[], Awaitable[PortalLists]],
) -> Question:
    """Return the question; ``lists`` is asked for where it depends on the portal.

    Equals are in the order of their ids. Raises ``KeyError`` for a field that the portal does not have.
    """
    names = dict.fromkeys((*(c.field for c in conditions), *(s.field for s in sorting)))
    codes = [name.removeprefix(OWN) for name in names if name.startswith(OWN)]
    region, fields = "", []
    if codes or "phones" in names:
        known = await lists()
        region = known.customs.phone_region
        fields = [_field(known, code) for code in codes]
    slots = {OWN + field.details.code: _slot(n, field) for n, field in enumerate(fields)}
    owned = {OWN + field.details.code: field for field in fields}
    return Question(
        tuple(
            replace(
                condition,
                field=slots.get(condition.field, condition.field),
                values=tuple(
                    _value(condition, value, owned.get(condition.field), region)
                    for value in condition.values
                ),
            )
            for condition in conditions
        ),
        _to_the_id([replace(s, field=slots.get(s.field, s.field)) for s in sorting]),
        {f"path{n}": _path(field) for n, field in enumerate(fields)},
    )


def fields_of(shape: Shape, sorting: Sequence[Sorting]) -> Mapping[str, Compared]:
    """Return the fields that a question may name, with its fields of the portal's own."""
    names = [*(field for field, *_ in shape), *(s.field for s in sorting)]
    return {**FIELDS, **{name: _own(name) for name in names if name.startswith(OWN)}}


def _field(lists: PortalLists, code: str) -> Field:
    field = lists.find_field(code)
    if field is None:
        raise KeyError(code)
    return field


def _slot(number: int, field: Field) -> str:
    """Name a field of the portal's own as ``_own`` reads it."""
    return f"{OWN}{number}.{field.details.type}{_MANY if field.details.is_multiple else ''}"


def _own(slot: str) -> Compared:
    _, number, kind = slot.split(".")
    is_multiple = kind.endswith(_MANY)
    return own(FieldType(kind.removesuffix(_MANY)), f"path{number}", is_multiple=is_multiple)


def _path(field: Field) -> str:
    is_part = field.details.type is FieldType.MONEY and not field.details.is_multiple
    return f"$.{field.key}.amount" if is_part else f"$.{field.key}"


def _to_the_id(sorting: Sequence[Sorting]) -> tuple[Sorting, ...]:
    """Return an order without equals; what stands behind the id orders nothing."""
    names = [s.field for s in sorting]
    if "id" in names:
        return tuple(sorting[: names.index("id") + 1])
    is_descending = bool(sorting) and sorting[-1].is_descending
    return (*sorting, Sorting("id", is_descending))


def _value(condition: Condition, value: Any, field: Field | None, region: str) -> Any:
    """Return a value as it is compared."""
    if condition.field == "phones" and "%" not in value:
        # of a text without digits nothing is left, which would be a part of every number
        value = normalised_phone(value, region) or value
    elif condition.field == "emails":
        value = value.lower()
    elif condition.field == "birth_date":
        value = str(value)
    elif field is not None:
        value = _stored(field, value)
    is_list = condition.field in LISTS or (field is not None and field.details.is_multiple)
    return orjson.dumps(value).decode() if is_list and condition.operator in _EXACT else value


def _stored(field: Field, value: Any) -> Any:
    """Return a value as the card keeps it, or what is compared of it."""
    match value:
        case datetime():
            return value.astimezone(UTC).replace(microsecond=0).isoformat()
        case date():
            return value.isoformat()
        case bool():
            return value if field.details.is_multiple else str(int(value))
        case Mapping():
            return value if field.details.is_multiple else value["amount"]
        case _:
            return value
