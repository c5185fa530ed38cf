"""Conditions become SQL by their shape: what somebody looks for is only ever a parameter."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, String, bindparam, select

from db.conditions import Shape, clauses, orders, shape_of, values_of
from db.schema import owned
from db.statements import Statement
from kernel.conditions import (
    MOST_CONDITIONS,
    MOST_VALUES,
    Condition,
    Operator,
    Sorting,
    TooManyConditionsError,
)

T = owned("conditions_test_t", Column("name", String(9)), Column("n", Integer, nullable=False))
FIELDS = {"name": T.c.name, "n": T.c.n}
MINE = T.c.portal_id == bindparam("portal_id")


def compiled(shape: Shape, *sorting: Sorting) -> Statement:
    query = select(T.c.id).where(MINE, *clauses(FIELDS, shape))
    return Statement(query.order_by(*orders(FIELDS, sorting)))


def where(*conditions: Condition) -> tuple[str, tuple[Any, ...]]:
    """Return what stands behind the comparison with the portal, and its arguments."""
    statement = compiled(shape_of(conditions))
    sql = " ".join(statement.sql.replace("conditions_test_t.", "").split())
    arguments = statement.arguments({"portal_id": 1, **values_of(conditions)})
    return sql.partition("portal_id = %s AND ")[2], arguments[1:]


@pytest.mark.parametrize(
    ("condition", "sql", "arguments"),
    [
        (Condition("n", Operator.EQUAL, (5,)), "n = %s", (5,)),
        (Condition("n", Operator.NOT_EQUAL, (5,)), "n != %s", (5,)),
        (Condition("name", Operator.NOT_EQUAL, ("a",)), "(name != %s OR name IS NULL)", ("a",)),
        (Condition("n", Operator.GREATER, (5,)), "n > %s", (5,)),
        (Condition("n", Operator.AT_LEAST, (5,)), "n >= %s", (5,)),
        (Condition("n", Operator.LESS, (5,)), "n < %s", (5,)),
        (Condition("n", Operator.AT_MOST, (5,)), "n <= %s", (5,)),
        (Condition("n", Operator.ONE_OF, (5,)), "n IN (%s)", (5,)),
        (Condition("n", Operator.ONE_OF, (5, 6, 7)), "n IN (%s, %s, %s, %s)", (5, 6, 7, 7)),
        (Condition("n", Operator.NONE_OF, (5, 6)), "(n NOT IN (%s, %s))", (5, 6)),
        (Condition("name", Operator.CONTAINS, ("a",)), "name LIKE %s", ("%a%",)),
        (Condition("n", Operator.LACKS, ("a",)), "CAST(n AS CHAR) NOT LIKE %s", ("%a%",)),
        (Condition("n", Operator.EMPTY), "n IS NULL", ()),
        (Condition("name", Operator.EMPTY), "(name IS NULL OR name = %s)", ("",)),
        (Condition("name", Operator.FILLED), "name IS NOT NULL AND name != %s", ("",)),
    ],
)
def test_each_operator_has_its_sql(
    condition: Condition, sql: str, arguments: tuple[Any, ...]
) -> None:
    assert where(condition) == (sql, arguments)


def test_of_no_values_none_is_one_and_all_are_none() -> None:
    assert "WHERE false" in compiled(shape_of([Condition("name", Operator.ONE_OF, ())])).sql
    assert "false" not in compiled(shape_of([Condition("name", Operator.NONE_OF, ())])).sql


@pytest.mark.parametrize(
    ("operator", "given_", "pattern"),
    [
        (Operator.CONTAINS, "50%_\\", "%50\\%\\_\\\\%"),
        (Operator.LIKE, "50%", "50%"),
        (Operator.LIKE, "%a_b\\%", "%a\\_b\\\\%"),
        (Operator.UNLIKE, "a%b", "a%b"),
    ],
)
def test_a_text_means_itself_and_only_a_pattern_has_its_percent_sign(
    operator: Operator, given_: str, pattern: str
) -> None:
    assert where(Condition("name", operator, (given_,)))[1] == (pattern,)


def test_a_number_that_no_column_holds_is_compared_as_the_largest_there_is() -> None:
    assert where(Condition("n", Operator.LESS, (10**30,)))[1] == (2**63 - 1,)
    assert where(Condition("n", Operator.ONE_OF, (-(10**30), 5)))[1] == (-(2**63), 5)


@pytest.mark.parametrize(
    ("operator", "value", "pattern"),
    [
        (Operator.CONTAINS, 5, "%5%"),
        (Operator.LIKE, 5, "5"),
        (Operator.LACKS, date(2026, 1, 2), "%2026-01-02%"),
    ],
)
def test_a_number_contains_digits(operator: Operator, value: Any, pattern: str) -> None:
    assert where(Condition("n", operator, (value,)))[1] == (pattern,)


def test_a_field_that_is_no_column_compares_itself() -> None:
    def reached_by(operator: Operator, names: Any) -> Any:
        assert operator is Operator.ONE_OF
        return T.c.id.in_(bindparam(name) for name in names)

    conditions = [Condition("phone", Operator.ONE_OF, ("1", "2"))]
    query = select(T.c.id).where(MINE, *clauses({"phone": reached_by}, shape_of(conditions)))
    statement = Statement(query)
    assert statement.arguments({"portal_id": 1, **values_of(conditions)}) == (1, "1", "2")


def test_conditions_are_joined_by_and() -> None:
    sql, arguments = where(
        Condition("n", Operator.GREATER, (1,)), Condition("n", Operator.LESS, (9,))
    )
    assert (sql, arguments) == ("n > %s AND n < %s", (1, 9))


def test_an_order_goes_field_by_field() -> None:
    sql = compiled((), Sorting("name", is_descending=True), Sorting("n")).sql
    assert sql.split("ORDER BY ")[1] == "conditions_test_t.name DESC, conditions_test_t.n ASC"


@pytest.mark.parametrize("operator", Operator)
def test_an_unknown_field_is_a_defect_of_the_caller(operator: Operator) -> None:
    with pytest.raises(KeyError):
        clauses(FIELDS, (("portal_id", operator, 1),))
    with pytest.raises(KeyError):
        orders(FIELDS, [Sorting("1; DROP TABLE t")])


def test_too_much_at_once_is_refused() -> None:
    with pytest.raises(TooManyConditionsError):
        Condition("n", Operator.ONE_OF, tuple(range(MOST_VALUES + 1)))
    with pytest.raises(TooManyConditionsError):
        shape_of([Condition("n", Operator.FILLED)] * (MOST_CONDITIONS + 1))


@pytest.mark.parametrize(
    "operator", [o for o in Operator if not o.takes_several and not o.takes_none]
)
def test_a_comparison_has_one_value(operator: Operator) -> None:
    for values in ((), (1, 2)):
        with pytest.raises(ValueError, match="takes 1 values"):
            Condition("n", operator, values)


VALUES = st.lists(st.text(max_size=20), min_size=1, max_size=9).map(tuple)


@settings(deadline=None)  # the first of a shape is compiled
@given(st.sampled_from([o for o in Operator if o.takes_several]), VALUES)
def test_no_text_changes_the_statement(operator: Operator, texts: tuple[str, ...]) -> None:
    condition = Condition("name", operator, texts)
    harmless = Condition("name", operator, ("x",) * len(texts))
    sql, arguments = where(condition)
    assert sql == where(harmless)[0]
    assert sql.count("%s") == len(arguments)
