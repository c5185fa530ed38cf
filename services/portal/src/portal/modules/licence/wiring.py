"""Builds what the licence module needs."""

from cachetools import TTLCache

from db.sessions import ReadSession
from kernel.ids import PortalId
from portal.context import RequestContext
from portal.modules.licence.contracts import Plan
from portal.modules.licence.repository import LicenceRepository, grant

# A plan that changes is felt within these seconds; asking for it at each request would cost a query
PLAN_SECONDS = 10.0
MOST_REMEMBERED = 10_000
_recent: TTLCache[PortalId, Plan] = TTLCache(MOST_REMEMBERED, PLAN_SECONDS)


def licences(session: ReadSession) -> LicenceRepository:
    """Return the licence of the session's portal."""
    return LicenceRepository(session)


async def recent_plan(context: RequestContext) -> Plan:
    """Return the portal's plan as of a few seconds ago."""
    portal = context.route.portal
    known = _recent.get(portal)
    if known is None:
        async with context.reading() as session:
            known = _recent[portal] = await licences(session).get()
    return known


__all__ = ["grant", "licences", "recent_plan"]
