"""Conditions and orders as SQL. A statement depends on their shape only: which fields, compared how.

Values travel as parameters, always; a list of values is filled up to a power of two, so that few shapes
serve all questions and each is compiled once::

    @lru_cache(maxsize=512)
    def _page(shape: Shape, sorting: tuple[Sorting, ...]) -> Statement:
        query = select(t.c.id).where(MINE, *clauses(FIELDS, shape))
        return Statement(query.order_by(*orders(FIELDS, sorting)).limit(bindparam("limit")))

    await session.all(_page(shape_of(conditions), sorting), limit=50, **values_of(conditions))
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    String,
    UnaryExpression,
    and_,
    bindparam,
    cast,
    false,
    or_,
)

from db.statements import literally
from kernel.conditions import MOST_CONDITIONS, Condition, Operator, Sorting, TooManyConditionsError

Shape = tuple[tuple[str, Operator, int], ...]
"""Field, operator and number of values of each condition."""

Compare = Callable[[Operator, Sequence[str]], ColumnElement[bool]]
"""Compares a field that is no column (a row of another table) with the parameters of these names."""

Field = ColumnElement[Any] | Compare

_LOWEST, _HIGHEST = -(2**63), 2**63 - 1

POSITIVE: Mapping[Operator, Operator] = {
    Operator.NOT_EQUAL: Operator.EQUAL,
    Operator.NONE_OF: Operator.ONE_OF,
    Operator.LACKS: Operator.CONTAINS,
    Operator.UNLIKE: Operator.LIKE,
}
"""What each negative operator denies."""


def shape_of(conditions: Sequence[Condition]) -> Shape:
    """Return what the statement depends on; raises ``TooManyConditionsError``."""
    if len(conditions) > MOST_CONDITIONS:
        raise TooManyConditionsError(limit=MOST_CONDITIONS)
    return tuple((c.field, c.operator, _room(len(c.values))) for c in conditions)


def clauses(fields: Mapping[str, Field], shape: Shape) -> list[ColumnElement[bool]]:
    """Return what must hold, to be joined by AND; an unknown field raises ``KeyError``."""
    return [
        _compared(fields[field], operator, [_name(number, n) for n in range(room)])
        for number, (field, operator, room) in enumerate(shape)
    ]


def values_of(conditions: Sequence[Condition]) -> dict[str, Any]:
    """Return the values of the parameters; the last value of a list fills it up."""
    return {
        _name(number, n): _written(condition, min(n, len(condition.values) - 1))
        for number, condition in enumerate(conditions)
        for n in range(_room(len(condition.values)))
    }


def orders(
    fields: Mapping[str, ColumnElement[Any]], sorting: Iterable[Sorting]
) -> list[UnaryExpression[Any]]:
    """Return what to sort by; the empty ones are the lowest, an unknown field raises ``KeyError``."""
    return [fields[s.field].desc() if s.is_descending else fields[s.field].asc() for s in sorting]


def compared(
    column: ColumnElement[Any], operator: Operator, names: Sequence[str]
) -> ColumnElement[bool]:
    """Compare a column with the parameters of these names."""
    if operator in POSITIVE:
        differs = ~compared(column, POSITIVE[operator], names)
        return or_(differs, column.is_(None)) if getattr(column, "nullable", True) else differs
    if operator in {Operator.EMPTY, Operator.FILLED}:
        return _empty(column) if operator is Operator.EMPTY else _filled(column)
    if not names:
        return false()  # none of no values
    if operator in {Operator.CONTAINS, Operator.LIKE}:
        text = column if isinstance(column.type, String) else cast(column, String)
        return or_(*(text.like(bindparam(name, type_=String)) for name in names))
    return _ordered(column, operator, [bindparam(name) for name in names])


def _compared(field: Field, operator: Operator, names: Sequence[str]) -> ColumnElement[bool]:
    if isinstance(field, ColumnElement):
        return compared(field, operator, names)
    return field(operator, names)


def _ordered(
    column: ColumnElement[Any], operator: Operator, parameters: Sequence[BindParameter[Any]]
) -> ColumnElement[bool]:
    if operator is Operator.ONE_OF:
        return column.in_(parameters)
    (value,) = parameters
    match operator:
        case Operator.EQUAL:
            return column == value
        case Operator.GREATER:
            return column > value
        case Operator.AT_LEAST:
            return column >= value
        case Operator.LESS:
            return column < value
        case _:
            return column <= value


def _empty(column: ColumnElement[Any]) -> ColumnElement[bool]:
    missing = column.is_(None)
    return or_(missing, column == "") if isinstance(column.type, String) else missing


def _filled(column: ColumnElement[Any]) -> ColumnElement[bool]:
    there = column.is_not(None)
    return and_(there, column != "") if isinstance(column.type, String) else there


def _room(values: int) -> int:
    """Return the next power of two; nothing needs no room."""
    return 1 << (values - 1).bit_length() if values else 0


def _name(condition: int, value: int) -> str:
    return f"c{condition}_{value}"


def _written(condition: Condition, number: int) -> Any:
    """Return a value as its parameter holds it."""
    value = condition.values[number]
    match condition.operator:
        case Operator.CONTAINS | Operator.LACKS:
            return f"%{literally(str(value))}%"  # of a number or a day, its digits
        case Operator.LIKE | Operator.UNLIKE:
            return "%".join(literally(part) for part in str(value).split("%"))
        case _ if isinstance(value, int):
            return max(_LOWEST, min(value, _HIGHEST))  # no column holds more, no driver sends more
        case _:
            return value
