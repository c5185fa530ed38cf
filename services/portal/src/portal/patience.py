"""How long requests wait on a node for a portal that is being moved or a database that is gone.

Bounded three ways: each waits only so long in all, only so many wait, and only so much of what they sent
is kept meanwhile.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Gauge

from kernel.errors import UnavailableError
from portal.kept import Kept
from routes import Route, RouteMap

HELD = Gauge("portal_held_requests", "Requests that wait for a portal to be served again.")

MOST_HELD = 10_000
MOST_KEPT_BYTES = 128 * 1024 * 1024
LOOK_SECONDS = 0.25


class PortalSwitchingError(UnavailableError):
    """The portal did not open in time, or too many wait for theirs already."""

    code = "portal-switching"


class WaitingRoom:
    """The places of one node."""

    def __init__(self) -> None:
        self._held = 0
        self._kept_bytes = 0

    @contextmanager
    def place(self, kept: Kept) -> Iterator[None]:
        """Lend a place to wait; raises ``PortalSwitchingError`` if none is left."""
        size = kept.size
        if self._held >= MOST_HELD or self._kept_bytes + size > MOST_KEPT_BYTES:
            raise PortalSwitchingError
        self._held += 1
        self._kept_bytes += size
        try:
            with HELD.track_inprogress():
                yield
        finally:
            self._held -= 1
            self._kept_bytes -= size


class Patience:
    """One request's waiting: it ends so many seconds after it began, wherever they were spent."""

    def __init__(self, room: WaitingRoom, routes: RouteMap, kept: Kept, seconds: float) -> None:
        self._room = room
        self._routes = routes
        self._kept = kept
        self._seconds = seconds
        self._began_at = math.inf

    def begin(self) -> None:
        """Let the time run, if it does not yet."""
        self._began_at = min(self._began_at, time.monotonic())

    @property
    def spent_seconds(self) -> float:
        """How long the waiting has gone on."""
        return max(0.0, time.monotonic() - self._began_at)

    @property
    def left_seconds(self) -> float:
        """How long it may go on."""
        return self._seconds - self.spent_seconds

    async def until_open(self, route: Route) -> Route:
        """Wait until nobody moves the portal; raises ``PortalSwitchingError`` when the time is up."""
        self.begin()
        with self._room.place(self._kept):
            opened = await self._routes.opened(route.portal, self.left_seconds)
        if opened is None:
            raise PortalSwitchingError
        return opened

    async def a_moment(self, route: Route) -> Route:
        """Wait for news of the route, not for long: what failed may also be mended where it is."""
        self.begin()
        seconds = min(LOOK_SECONDS, self.left_seconds)
        with self._room.place(self._kept):
            news = await self._routes.opened(route.portal, seconds, stale=route)
        return news or self._routes.find_by_id(route.portal) or route
