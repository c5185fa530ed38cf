"""A portal's statuses, sources and customs in the database."""

from sqlalchemy import bindparam, insert, select

from db.sessions import ReadSession, WriteSession
from db.statements import Statement
from portal.modules.crm.contracts import ListKind
from portal.modules.crm.domain.lists import Customs, ListEntry, PortalLists
from portal.modules.crm.tables import customs, statuses

_ENTRIES = Statement(
    select(
        statuses.c.kind, statuses.c.code, statuses.c.name, statuses.c.position, statuses.c.colour
    )
    .where(statuses.c.portal_id == bindparam("portal_id"))
    .order_by(statuses.c.kind, statuses.c.position, statuses.c.code)
)
_CUSTOMS = Statement(
    select(customs.c.currency, customs.c.phone_region).where(
        customs.c.portal_id == bindparam("portal_id")
    )
)
_ADD_ENTRY = Statement(
    insert(statuses), columns=("portal_id", "kind", "code", "name", "position", "colour")
)
_ADD_CUSTOMS = Statement(insert(customs), columns=("portal_id", "currency", "phone_region"))


async def read_lists(session: ReadSession) -> PortalLists:
    """Return the lists of the session's portal."""
    row = await session.first(_CUSTOMS)
    if row is None:
        raise LookupError(f"portal {session.portal} was founded without its lists")
    entries = [ListEntry(ListKind(kind), *rest) for kind, *rest in await session.all(_ENTRIES)]
    return PortalLists(entries, Customs(*row))


async def add_lists(session: WriteSession, lists: PortalLists) -> None:
    """Give a new portal its lists."""
    await session.insert(
        _ADD_CUSTOMS, currency=lists.customs.currency, phone_region=lists.customs.phone_region
    )
    rows = [
        {
            "kind": entry.kind.value,
            "code": entry.code,
            "name": entry.name,
            "position": entry.position,
            "colour": entry.colour,
        }
        for entry in lists.entries
    ]
    await session.insert_many(_ADD_ENTRY, rows)
