"""The lists of a portal, remembered for some seconds: each lead that is written is checked against them."""

from collections.abc import Sequence
from typing import Any

from cachetools import LRUCache, TTLCache

from db.sessions import ReadSession
from kernel.ids import PortalId
from portal.modules.crm.domain.custom import cards
from portal.modules.crm.domain.leads import Custom, Lead
from portal.modules.crm.domain.lists import PortalLists
from portal.modules.crm.repository.lists import read_lists

# So long a node may take what was just removed from a list. What was just put there it never refuses:
# before it does, it reads again.
REMEMBERED_SECONDS = 5.0
MOST_REMEMBERED = 5_000

_recent: TTLCache[PortalId, PortalLists] = TTLCache(MOST_REMEMBERED, REMEMBERED_SECONDS)
# Fields that were removed while cards still hold something in them. No other field gets their ids.
_gone: LRUCache[tuple[PortalId, int], bool] = LRUCache(MOST_REMEMBERED)


async def lists_of(session: ReadSession) -> PortalLists:
    """Return the lists of the session's portal, as of some seconds ago."""
    return _recent.get(session.portal) or await lists_now(session)


async def lists_now(session: ReadSession) -> PortalLists:
    """Return the lists of the session's portal as of now."""
    lists = _recent[session.portal] = await read_lists(session)
    return lists


def forget_lists(portal: PortalId) -> None:
    """Read the lists anew when they are next asked for: they are being changed."""
    _recent.pop(portal, None)


async def custom_of(session: ReadSession, leads: Sequence[Lead]) -> list[dict[str, Any]]:
    """Return for each lead what it holds in the portal's own fields, by code."""
    held = [lead.details.custom for lead in leads]
    if not any(held):
        return [{} for _ in held]
    lists = await lists_of(session)
    if any(_is_news(session.portal, lists, custom) for custom in held):
        lists = await lists_now(session)
        gone = {field for custom in held for field in custom} - {f.id for f in lists.fields}
        _gone.update({(session.portal, field): True for field in gone})
    return [cards.shown(lists, custom) for custom in held]


def _is_news(portal: PortalId, lists: PortalLists, custom: Custom) -> bool:
    """Whether a card holds something that was not there yet when the lists were read."""
    known = {field.id for field in lists.fields}
    strangers = (field for field in custom if field not in known)
    return cards.has_new_items(lists, custom) or any((portal, f) not in _gone for f in strangers)
