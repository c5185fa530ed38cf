"""The lists of a portal, remembered for some seconds: each lead that is written is checked against them."""

from cachetools import TTLCache

from db.sessions import ReadSession
from kernel.ids import PortalId
from portal.modules.crm.domain.lists import PortalLists
from portal.modules.crm.repository.lists import read_lists

# So long a node may offer what was just taken from a list, or refuse what was just put there.
REMEMBERED_SECONDS = 5.0
MOST_REMEMBERED = 5_000

_recent: TTLCache[PortalId, PortalLists] = TTLCache(MOST_REMEMBERED, REMEMBERED_SECONDS)


async def lists_of(session: ReadSession) -> PortalLists:
    """Return the lists of the session's portal."""
    lists = _recent.get(session.portal)
    if lists is None:
        lists = _recent[session.portal] = await read_lists(session)
    return lists
