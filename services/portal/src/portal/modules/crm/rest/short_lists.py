"""Lists of at most some hundred things, which are in memory anyway: filter, order and page of the wire."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from operator import ge, gt, le, lt
from typing import Any, TypeVar

from kernel.conditions import Condition, Operator, Sorting
from portal.rest.fields import Fields
from portal.rest.filters import NOTHING
from portal.rest.method import PAGE, Listed, Parameters

T = TypeVar("T")
ValueOf = Callable[[T, str], Any]


def listed(
    table: Fields,
    things: Iterable[T],
    asked: Parameters,
    *,
    value_of: ValueOf[T],
    show: Callable[[T], dict[str, Any]],
    order: Sequence[Sorting],
) -> Listed:
    """Return the page asked for; ``order`` is that of a list for which none is named."""
    start = asked.start
    wanted = table.conditions(asked.map("filter"))
    found = (
        []
        if wanted is NOTHING
        else [t for t in things if all(_passes(value_of(t, c.field), c) for c in wanted)]
    )
    for sorting in reversed(table.order(asked.map("order")) or order):
        found.sort(key=_key(sorting, value_of), reverse=sorting.is_descending)
    page = found[start.offset : start.offset + PAGE]
    total = len(found) if start.is_counted else None
    return Listed([show(thing) for thing in page], total, start.offset)


def _key(sorting: Sorting, value_of: ValueOf[T]) -> Callable[[T], tuple[bool, Any]]:
    """Compare by one field; the empty ones are the lowest."""

    def key(thing: T) -> tuple[bool, Any]:
        value = value_of(thing, sorting.field)
        return (False, 0) if value is None else (True, value)

    return key


def _passes(value: Any, condition: Condition) -> bool:
    """Tell whether a value is what the condition asks for; an empty one differs from every other."""
    operator = condition.operator
    if operator in _POSITIVE:
        return not _passes(value, replace(condition, operator=_POSITIVE[operator]))
    if operator is Operator.EMPTY or value in (None, ""):
        return operator is Operator.EMPTY and value in (None, "")
    return _holds(operator, value, condition.values)


def _holds(operator: Operator, value: Any, values: Sequence[Any]) -> bool:
    if operator in _ORDERED:
        return _ORDERED[operator](value, values[0])
    return any(_ALIKE[operator](value, one) for one in values)


def _same(value: Any, other: Any) -> bool:
    """Texts are compared as the database does it: in any letter case."""
    if isinstance(value, str) and isinstance(other, str):
        return value.casefold() == other.casefold()
    return bool(value == other)


def _contains(value: Any, part: Any) -> bool:
    return str(part).casefold() in str(value).casefold()


def _is_like(value: Any, pattern: Any) -> bool:
    parts = (re.escape(part) for part in str(pattern).split("%"))
    return re.fullmatch(".*".join(parts), str(value), re.IGNORECASE | re.DOTALL) is not None


_POSITIVE: Mapping[Operator, Operator] = {
    Operator.NOT_EQUAL: Operator.EQUAL,
    Operator.NONE_OF: Operator.ONE_OF,
    Operator.LACKS: Operator.CONTAINS,
    Operator.UNLIKE: Operator.LIKE,
    Operator.FILLED: Operator.EMPTY,
}
_ORDERED: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.GREATER: gt,
    Operator.AT_LEAST: ge,
    Operator.LESS: lt,
    Operator.AT_MOST: le,
}
_ALIKE: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQUAL: _same,
    Operator.ONE_OF: _same,
    Operator.CONTAINS: _contains,
    Operator.LIKE: _is_like,
}
