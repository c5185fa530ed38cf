"""A statement that could reach beyond its portal is refused before it ever runs."""

import pytest
from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.sql import Executable

from db.schema import owned
from db.statements import Statement, UnscopedStatementError

T = owned("statement_test_t", Column("x", Integer))
U = owned("statement_test_u", Column("t_id", BigInteger))
MINE = T.c.portal_id == bindparam("portal_id")
ITS = U.c.portal_id == bindparam("portal_id")


@pytest.mark.parametrize(
    "clause",
    [
        select(T.c.x),
        select(func.count()).select_from(T),
        select(T.c.x).where(or_(MINE, T.c.x == 1)),
        select(T.c.x).where(T.c.portal_id == 7),
        select(T.c.x).where(T.c.portal_id == bindparam("other")),
        select(T.c.x, U.c.id).where(MINE, U.c.t_id == T.c.id),
        select(T.c.x).join(U, U.c.t_id == T.c.id).where(MINE),
        select(T.c.x).where(MINE, T.c.id.in_(select(U.c.t_id))),
        select(T.alias().c.x),
        update(T).values(x=1),
        update(T).where(T.c.id == 1).values(x=1),
        delete(T).where(T.c.id == bindparam("id")),
    ],
)
def test_a_statement_without_its_portal_is_refused(clause: Executable) -> None:
    with pytest.raises(UnscopedStatementError):
        Statement(clause)


def test_an_insert_without_its_portal_is_refused() -> None:
    with pytest.raises(UnscopedStatementError):
        Statement(insert(T), columns=("x",))


def test_parameters_come_in_the_order_of_the_statement() -> None:
    statement = Statement(update(T).where(MINE, T.c.id == bindparam("i")).values(x=bindparam("v")))
    assert statement.arguments({"i": 2, "v": 3, "portal_id": 1}) == (3, 1, 2)


def test_a_join_is_scoped_on_both_sides() -> None:
    joined = select(T.c.x).join(U, and_(ITS, U.c.t_id == T.c.id)).where(MINE)
    assert Statement(joined).arguments({"portal_id": 9}) == (9, 9)


def test_a_list_becomes_one_parameter_each() -> None:
    statement = Statement(select(T.c.x).where(MINE, T.c.x.in_([5, 6])))
    assert statement.arguments({"portal_id": 1}) == (1, 5, 6)


def test_a_missing_value_is_an_error_not_null() -> None:
    statement = Statement(select(T.c.x).where(MINE, T.c.x == bindparam("x")))
    with pytest.raises(KeyError):
        statement.arguments({"portal_id": 1})


def test_the_system_itself_may_cross_portals_with_a_written_reason() -> None:
    assert "portal_id =" not in Statement(select(T.c.x), across_portals="due jobs of all").sql
