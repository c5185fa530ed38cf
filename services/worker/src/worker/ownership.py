"""Which portals' jobs are ours to do, and where the end of a turn is written.

Ours are those that our datacentre serves now. A portal that moved away during a turn is served elsewhere:
that the mail is sent must be written there, or it is sent once more. What we know may be old. It only decides
what we try: the fence decides what we can.
"""

from collections.abc import Callable, Mapping

from db.engine import Database
from db.sessions import Ownership
from kernel.ids import PortalId
from routes import ACTIVE, Route, RouteMap

Owned = Callable[[PortalId], Ownership | None]
Placed = Callable[[PortalId], tuple[Database, Ownership] | None]


def of(routes: RouteMap, site: str) -> Owned:
    """Return the look-up for one datacentre; a portal that is draining or suspended is nobody's."""

    def owned(portal: PortalId) -> Ownership | None:
        route = routes.find_by_id(portal)
        if route is None or route.owner != site or route.state != ACTIVE:
            return None
        return _ownership(route)

    return owned


def anywhere(routes: RouteMap, databases: Mapping[str, Database]) -> Placed:
    """Return the look-up of a portal's database, whichever datacentre serves it."""

    def placed(portal: PortalId) -> tuple[Database, Ownership] | None:
        route = routes.find_by_id(portal)
        if route is None or route.state != ACTIVE:
            return None
        return databases[route.owner], _ownership(route)

    return placed


def _ownership(route: Route) -> Ownership:
    return Ownership(route.portal, route.pair, route.home, route.term, route.epoch)
