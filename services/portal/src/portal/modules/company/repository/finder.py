"""Looking for people: by what is known of them, and by the departments where they stand."""

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import ColumnElement, String, and_, bindparam, func, literal, or_, select

from db.conditions import POSITIVE, Field, Shape, clauses, compared, orders, shape_of, values_of
from db.sessions import ReadSession
from db.statements import Statement
from kernel.conditions import Condition, Operator, Sorting
from portal.modules.company.contracts import UserState
from portal.modules.company.domain.people import Member
from portal.modules.company.repository.people import COLUMNS, DETAILS, MINE, to_domain
from portal.modules.company.tables import department_members, departments, users

EMPLOYEE = "employee"  # so far everybody is


def _in_departments(
    field: ColumnElement[Any], operator: Operator, names: Sequence[str]
) -> ColumnElement[bool]:
    """Compare what is told of a department: one of his must fit, and none where that is denied."""
    if operator in POSITIVE:
        return ~_in_departments(field, POSITIVE[operator], names)
    if operator is Operator.EMPTY:
        return ~_in_departments(field, Operator.FILLED, names)
    standing = select(department_members.c.user_id).where(
        department_members.c.portal_id == bindparam("portal_id"),
    )
    named = standing.join(
        departments,
        and_(
            departments.c.portal_id == bindparam("portal_id"),
            departments.c.id == department_members.c.department_id,
        ),
    )
    query = standing if field is department_members.c.department_id else named
    return users.c.id.in_(query.where(compared(field, operator, names)))


def _words(column: ColumnElement[Any]) -> ColumnElement[str]:
    """Return the text with a space before each of its words, the first one, too."""
    return func.concat(" ", column, type_=String)


_IN_DEPARTMENT_CALLED = partial(_in_departments, departments.c.name)
_SEARCHED = (users.c.first_name, users.c.last_name, users.c.middle_name, users.c.position)
_PROFESSION = func.json_value(users.c.details, "$.profession", type_=String)


def _found_by(operator: Operator, names: Sequence[str]) -> ColumnElement[bool]:
    """Compare the words of all that a person is looked for by, the names of his departments included."""
    return or_(
        *(compared(_words(column), operator, names) for column in (*_SEARCHED, _PROFESSION)),
        _in_departments(_words(departments.c.name), operator, names),
    )


def _name_or_address(operator: Operator, names: Sequence[str]) -> ColumnElement[bool]:
    return or_(*(compared(column, operator, names) for column in (*_SEARCHED, users.c.email)))


COMPARABLE: Mapping[str, ColumnElement[Any]] = {
    **{
        name: users.c[name]
        for name in (
            *("id", "email", "first_name", "last_name", "middle_name", "position", "extension"),
            *("state", "role", "created_at", "last_login_at"),
        )
    },
    "is_active": users.c.state != UserState.DISMISSED.value,
    "type": literal(EMPLOYEE, String),
    "updated_at": func.coalesce(users.c.updated_at, users.c.created_at),
    **{name: func.json_value(users.c.details, f"$.{name}", type_=String) for name in DETAILS},
}
FIELDS: Mapping[str, Field] = {
    **COMPARABLE,
    "department_ids": partial(_in_departments, department_members.c.department_id),
    "department_name": _IN_DEPARTMENT_CALLED,
    "found_by": _found_by,
    "name_or_address": _name_or_address,
}


@lru_cache(maxsize=512)
def _page(shape: Shape, sorting: tuple[Sorting, ...]) -> Statement:
    query = select(*COLUMNS).where(MINE, *clauses(FIELDS, shape))
    sorted_ = query.order_by(*orders(COMPARABLE, sorting), users.c.id)
    return Statement(sorted_.limit(bindparam("limit")).offset(bindparam("offset")))


@lru_cache(maxsize=512)
def _count(shape: Shape) -> Statement:
    return Statement(select(func.count()).select_from(users).where(MINE, *clauses(FIELDS, shape)))


@lru_cache(maxsize=64)
def _memberships(shape: Shape) -> Statement:
    members = department_members.c
    query = select(members.user_id, members.department_id).where(
        members.portal_id == bindparam("portal_id"), *clauses({"user": members.user_id}, shape)
    )
    return Statement(query.order_by(members.user_id, members.department_id))


class PeopleFinder:
    """The people of one portal who meet conditions. Their fields are the names of ``FIELDS``."""

    def __init__(self, session: ReadSession) -> None:
        self._session = session

    async def page(
        self,
        conditions: Sequence[Condition],
        sorting: tuple[Sorting, ...],
        offset: int,
        limit: int,
    ) -> list[Member]:
        """Return people in this order; equals by their ids."""
        rows = await self._session.all(
            _page(shape_of(conditions), sorting),
            limit=limit,
            offset=offset,
            **values_of(conditions),
        )
        users_ = [to_domain(row) for row in rows]
        standing = await self._departments_of([user.id for user in users_])
        return [Member(user, tuple(standing.get(user.id, ()))) for user in users_]

    async def count(self, conditions: Sequence[Condition]) -> int:
        """Return how many there are."""
        row = await self._session.first(_count(shape_of(conditions)), **values_of(conditions))
        return int(row[0]) if row else 0

    async def _departments_of(self, ids: Sequence[int]) -> Mapping[int, list[int]]:
        """Return the departments of several people with one question."""
        if not ids:
            return {}
        wanted = [Condition("user", Operator.ONE_OF, tuple(ids))]
        found: dict[int, list[int]] = {}
        rows = await self._session.all(_memberships(shape_of(wanted)), **values_of(wanted))
        for user, department in rows:
            found.setdefault(user, []).append(department)
        return found
