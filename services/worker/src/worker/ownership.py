"""Which portals' jobs are ours to do: those that our datacentre serves now, as far as we know.

What we know may be old. It only decides what we try: the fence decides what we can.
"""

from collections.abc import Callable

from db.sessions import Ownership
from kernel.ids import PortalId
from routes import RouteMap

ACTIVE = "active"

Owned = Callable[[PortalId], Ownership | None]


def of(routes: RouteMap, site: str) -> Owned:
    """Return the look-up for one datacentre; a portal that is draining or suspended is nobody's."""

    def owned(portal: PortalId) -> Ownership | None:
        route = routes.find_by_id(portal)
        if route is None or route.owner != site or route.state != ACTIVE:
            return None
        return Ownership(portal, route.pair, route.home, route.term, route.epoch)

    return owned
