"""Departments in the database."""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, func, insert, select, update

from db.conditions import Shape, clauses, orders, shape_of, values_of
from db.sessions import ReadSession, Row, WriteSession
from db.statements import Statement
from kernel.conditions import Condition, Operator, Sorting
from portal.modules.company.contracts import Department, DepartmentId, UserId
from portal.modules.company.domain.structure import DEFAULT_POSITION, Tree, tree
from portal.modules.company.errors import DepartmentNotFoundError
from portal.modules.company.tables import companies, department_members, departments

_COLUMNS = (
    departments.c.id,
    departments.c.name,
    departments.c.parent_id,
    departments.c.position,
    departments.c.head_id,
)
_FIELDS: Mapping[str, ColumnElement[Any]] = {column.name: column for column in _COLUMNS}
_MINE = departments.c.portal_id == bindparam("portal_id")
_BY_ID = departments.c.id == bindparam("department")
_LIST = Statement(
    select(*_COLUMNS)
    .where(_MINE, departments.c.id > bindparam("after"))
    .order_by(departments.c.id)
    .limit(bindparam("limit"))
)
_FIND = Statement(select(*_COLUMNS).where(_MINE, _BY_ID))
_ALL = Statement(select(*_COLUMNS).where(_MINE))
_ADD = Statement(
    insert(departments), columns=("portal_id", "name", "parent_id", "position", "head_id")
)
_SAVE = Statement(
    update(departments)
    .where(_MINE, _BY_ID)
    .values({n: bindparam(f"new_{n}") for n in ("name", "parent_id", "position", "head_id")})
)
_DELETE = Statement(delete(departments).where(_MINE, _BY_ID))
_REPARENT = Statement(
    update(departments)
    .where(_MINE, departments.c.parent_id == bindparam("department"))
    .values(parent_id=bindparam("new_parent_id"))
)
_MY_MEMBERS = department_members.c.portal_id == bindparam("portal_id")
_MEMBERS = Statement(
    select(department_members.c.user_id).where(
        _MY_MEMBERS, department_members.c.department_id == bindparam("department")
    )
)
_EMPTY = Statement(
    delete(department_members).where(
        _MY_MEMBERS, department_members.c.department_id == bindparam("department")
    )
)
_JOIN = Statement(insert(department_members), columns=("portal_id", "department_id", "user_id"))
# Who changes the tree changes it alone: two moves at once could make a circle that neither would see.
_LOCK = Statement(
    select(companies.c.name)
    .where(companies.c.portal_id == bindparam("portal_id"))
    .with_for_update()
)


@lru_cache(maxsize=64)
def _kept(shape: Shape) -> Statement:
    query = select(departments.c.id).where(_MINE, *clauses(_FIELDS, shape))
    return Statement(query.with_for_update(read=True))


@lru_cache(maxsize=128)
def _page(shape: Shape, sorting: tuple[Sorting, ...]) -> Statement:
    query = select(*_COLUMNS).where(_MINE, *clauses(_FIELDS, shape))
    sorted_ = query.order_by(*orders(_FIELDS, sorting), departments.c.id)
    return Statement(sorted_.limit(bindparam("limit")).offset(bindparam("offset")))


@lru_cache(maxsize=128)
def _count(shape: Shape) -> Statement:
    query = select(func.count()).select_from(departments)
    return Statement(query.where(_MINE, *clauses(_FIELDS, shape)))


class DepartmentRepository:
    """The departments of one portal."""

    def __init__(self, session: ReadSession) -> None:
        self._session = session

    async def list(self, *, after: int, limit: int) -> Sequence[Department]:
        """Return departments by id."""
        rows = await self._session.all(_LIST, after=after, limit=limit)
        return [_to_domain(row) for row in rows]

    async def find(self, department: DepartmentId) -> Department | None:
        """Return the department."""
        row = await self._session.first(_FIND, department=department)
        return None if row is None else _to_domain(row)

    async def tree(self) -> Tree:
        """Return every department of the portal."""
        return tree(_to_domain(row) for row in await self._session.all(_ALL))

    async def page(
        self,
        conditions: Sequence[Condition],
        sorting: tuple[Sorting, ...],
        offset: int,
        limit: int,
    ) -> Sequence[Department]:
        """Return departments that meet the conditions; their fields are those of ``Department``."""
        statement = _page(shape_of(conditions), sorting)
        values = values_of(conditions)
        rows = await self._session.all(statement, limit=limit, offset=offset, **values)
        return [_to_domain(row) for row in rows]

    async def count(self, conditions: Sequence[Condition]) -> int:
        """Return how many there are."""
        row = await self._session.first(_count(shape_of(conditions)), **values_of(conditions))
        return int(row[0]) if row else 0


class DepartmentStore(DepartmentRepository):
    """The departments of one portal, inside a transaction."""

    def __init__(self, session: WriteSession) -> None:
        super().__init__(session)
        self._writer = session

    async def lock(self) -> None:
        """Let nobody else change the tree until the transaction ends."""
        await self._writer.first(_LOCK)

    async def require(self, wanted: Collection[int]) -> None:
        """Raise ``DepartmentNotFoundError`` unless all exist; they stay until the transaction ends."""
        if not wanted:
            return
        named = [Condition("id", Operator.ONE_OF, tuple(wanted))]
        rows = await self._writer.all(_kept(shape_of(named)), **values_of(named))
        missing = sorted(set(wanted) - {row[0] for row in rows})
        if missing:
            raise DepartmentNotFoundError(ids=missing)

    async def add(
        self,
        name: str,
        parent: DepartmentId | None,
        position: int = DEFAULT_POSITION,
        head: UserId | None = None,
    ) -> Department:
        """Insert."""
        made = await self._writer.insert(
            _ADD, name=name, parent_id=parent, position=position, head_id=head
        )
        return Department(DepartmentId(made), name, parent, position, head)

    async def save(self, department: Department) -> None:
        """Write what may change."""
        await self._writer.change(
            _SAVE,
            department=department.id,
            new_name=department.name,
            new_parent_id=department.parent_id,
            new_position=department.position,
            new_head_id=department.head_id,
        )

    async def dissolve(self, department: DepartmentId, into: DepartmentId) -> None:
        """Remove; its people and the departments under it come to ``into``."""
        await self._writer.change(
            _DELETE, department=department
        )  # first: waits for who joins it now
        rows = await self._writer.all(_MEMBERS, department=department)
        there = {row[0] for row in await self._writer.all(_MEMBERS, department=into)}
        await self._writer.change(_EMPTY, department=department)
        joining = [{"department_id": into, "user_id": r[0]} for r in rows if r[0] not in there]
        await self._writer.insert_many(_JOIN, joining)
        await self._writer.change(_REPARENT, department=department, new_parent_id=into)


def _to_domain(row: Row) -> Department:
    department, name, parent, position, head = row
    return Department(DepartmentId(department), name, parent, position, head)
