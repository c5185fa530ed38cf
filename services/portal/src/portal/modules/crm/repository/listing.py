"""Lists of leads: keyset pages of any filter in any order, each along an index."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, String, and_, bindparam, or_, select

from db.conditions import Shape, clauses, shape_of, values_of
from db.sessions import ReadSession
from db.statements import Statement, literally
from kernel.conditions import Condition, Operator
from portal.modules.crm.contracts import CardKind
from portal.modules.crm.domain.custom.cards import known_field
from portal.modules.crm.domain.custom.values import from_text
from portal.modules.crm.domain.leads import Lead
from portal.modules.crm.domain.listing import LeadFilter, LeadOrder, Position, find_reached_by
from portal.modules.crm.domain.lists import PortalLists
from portal.modules.crm.repository.asking import OWN, fields_of, told
from portal.modules.crm.repository.leads import COLUMNS, MINE, to_domain
from portal.modules.crm.tables import leads, lookups

_LIKE = bindparam("like", type_=String)
_CONDITIONS: dict[str, ColumnElement[bool]] = {
    "status": leads.c.status == bindparam("status"),
    "source": leads.c.source == bindparam("source"),
    "responsible_id": leads.c.responsible_id == bindparam("responsible_id"),
    "created_from": leads.c.created_at >= bindparam("created_from"),
    "created_to": leads.c.created_at <= bindparam("created_to"),
    "amount_from": leads.c.amount >= bindparam("amount_from"),
    "amount_to": leads.c.amount <= bindparam("amount_to"),
    "external_id": leads.c.external_id == bindparam("external_id"),
    "originator_id": leads.c.originator_id == bindparam("originator_id"),
    "origin_id": leads.c.origin_id == bindparam("origin_id"),
    "like": or_(
        leads.c.title.like(_LIKE),
        leads.c.last_name.like(_LIKE),
        leads.c.first_name.like(_LIKE),
        leads.c.company_title.like(_LIKE),
    ),
    "reached_like": leads.c.id.in_(
        select(lookups.c.card_id).where(
            lookups.c.portal_id == bindparam("portal_id"),
            lookups.c.kind == CardKind.LEAD.value,
            lookups.c.normalised.like(bindparam("reached_like", type_=String)),
        )
    ),
}


class LeadList:
    """The leads of one portal, page by page."""

    def __init__(self, session: ReadSession, lists: Callable[[], Awaitable[PortalLists]]) -> None:
        """``lists`` is asked for where an answer depends on the portal, such as what a number means."""
        self._session = session
        self._lists = lists

    async def page(
        self, wanted: LeadFilter, order: LeadOrder, behind: Position | None, limit: int
    ) -> Sequence[Lead]:
        """Return the next leads that match."""
        values = {k: v for k, v in asdict(wanted).items() if v is not None and k != "custom"}
        if "search" in values:
            values |= await self._pattern(values.pop("search"))
        asked = await told(await self._own(wanted.custom), (), self._lists)
        where_we_are = _where_we_are(order, behind)
        shape = shape_of(asked.conditions)
        statement = _listing(frozenset(values), shape, order, where_we_are)
        values |= {**asked.paths, **values_of(asked.conditions)}
        if behind is not None:
            values |= {"after_id": behind.id, "after": behind.value}
        rows = await self._session.all(statement, limit=limit, **values)
        return [to_domain(row) for row in rows]

    async def _own(self, custom: Sequence[tuple[str, str]]) -> list[Condition]:
        """Return what is asked of the portal's own fields; raises ``FieldUnknownError``."""
        if not custom:
            return []
        lists = await self._lists()
        wanted = [(known_field(lists, code), text) for code, text in custom]
        return [
            Condition(f"{OWN}{field.details.code}", Operator.EQUAL, (from_text(field, text),))
            for field, text in wanted
        ]

    async def _pattern(self, search: str) -> dict[str, str]:
        region = (await self._lists()).customs.phone_region
        reached_by = find_reached_by(search, region)
        if reached_by is None:
            return {"like": f"%{literally(search)}%"}
        # a whole number is looked up along the index, a part of one goes through all of the portal's
        beginning = "" if reached_by.startswith("+") else "%"
        return {"reached_like": f"{beginning}{literally(reached_by)}%"}


def _where_we_are(order: LeadOrder, behind: Position | None) -> str:
    if behind is None:
        return "at the beginning"
    return "among the empty" if order.field != "id" and behind.value is None else "behind a value"


@lru_cache(maxsize=512)
def _listing(
    conditions: frozenset[str], own: Shape, order: LeadOrder, where_we_are: str
) -> Statement:
    """Compile a list: once for each combination of conditions that is asked for."""
    field = leads.c[order.field]
    query = select(*COLUMNS).where(MINE, *(_CONDITIONS[c] for c in sorted(conditions)))
    query = query.where(*clauses(fields_of(own, ()), own))
    if where_we_are == "among the empty":
        query = query.where(_behind_an_empty_one(order))
    elif where_we_are == "behind a value":
        query = query.where(_behind_a_value(order))
    fields = [leads.c.id] if order.field == "id" else [field, leads.c.id]
    sorting = [f.desc() if order.is_descending else f.asc() for f in fields]
    return Statement(query.order_by(*sorting).limit(bindparam("limit")))


def _behind_a_value(order: LeadOrder) -> ColumnElement[bool]:
    """Larger, or equal with a larger id. Spelt out: MariaDB uses no index for a comparison of pairs."""
    field = leads.c[order.field]
    after: BindParameter[Any] = bindparam("after")
    if order.field == "id":
        return _id_behind(order)
    further = field < after if order.is_descending else field > after
    behind = or_(further, and_(field == after, _id_behind(order)))
    # the empty ones are the lowest
    return or_(behind, field.is_(None)) if order.is_descending and field.nullable else behind


def _behind_an_empty_one(order: LeadOrder) -> ColumnElement[bool]:
    field = leads.c[order.field]
    among_them = and_(field.is_(None), _id_behind(order))
    return among_them if order.is_descending else or_(among_them, field.is_not(None))


def _id_behind(order: LeadOrder) -> ColumnElement[bool]:
    after: BindParameter[int] = bindparam("after_id")
    return leads.c.id < after if order.is_descending else leads.c.id > after
