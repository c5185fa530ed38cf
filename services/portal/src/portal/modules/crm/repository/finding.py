"""Leads by any conditions in any order, by offset: what programs ask for."""

from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache

from sqlalchemy import ColumnElement, bindparam, func, select

from db.conditions import Shape, clauses, orders, shape_of, values_of
from db.sessions import ReadSession
from db.statements import Statement
from kernel.conditions import Condition, Sorting
from portal.modules.crm.domain.leads import Lead
from portal.modules.crm.domain.lists import PortalLists
from portal.modules.crm.repository.asking import fields_of, told
from portal.modules.crm.repository.leads import COLUMNS, MINE, to_domain
from portal.modules.crm.tables import leads


class LeadFinder:
    """The leads of one portal; an unknown field in a question is a defect of who asks (``KeyError``)."""

    def __init__(self, session: ReadSession, lists: Callable[[], Awaitable[PortalLists]]) -> None:
        """``lists`` is asked for only where something of the portal's own is asked about."""
        self._session = session
        self._lists = lists

    async def page(
        self, conditions: Sequence[Condition], sorting: Sequence[Sorting], offset: int, limit: int
    ) -> Sequence[Lead]:
        """Return leads that match; equals are in the order of their ids."""
        asked = await told(conditions, sorting, self._lists)
        statement = _page(shape_of(asked.conditions), asked.sorting)
        values = {**asked.paths, **values_of(asked.conditions)}
        rows = await self._session.all(statement, limit=limit, offset=offset, **values)
        return [to_domain(row) for row in rows]

    async def count(self, conditions: Sequence[Condition]) -> int:
        """Return how many leads match."""
        asked = await told(conditions, (), self._lists)
        statement = _count(shape_of(asked.conditions))
        row = await self._session.first(statement, **asked.paths, **values_of(asked.conditions))
        return int(row[0]) if row else 0


@lru_cache(maxsize=512)
def _page(shape: Shape, sorting: tuple[Sorting, ...]) -> Statement:
    fields = fields_of(shape, sorting)
    columns = {name: f for name, f in fields.items() if isinstance(f, ColumnElement)}
    query = (
        select(*COLUMNS).where(MINE, *clauses(fields, shape)).order_by(*orders(columns, sorting))
    )
    return Statement(query.limit(bindparam("limit")).offset(bindparam("offset")))


@lru_cache(maxsize=512)
def _count(shape: Shape) -> Statement:
    query = select(func.count()).select_from(leads)
    return Statement(query.where(MINE, *clauses(fields_of(shape, ()), shape)))
