"""``RouteMap``: what a web node or worker knows of all portals, without asking anybody."""

import asyncio
import contextlib
import logging
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self
from weakref import WeakValueDictionary

from prometheus_client import Gauge

from kernel.ids import PortalId
from routes import snapshot
from routes.confirmation import Confirmations
from routes.errors import RoutesUnavailableError
from routes.follower import Follower
from routes.misses import Misses, NoAnswerError
from routes.records import DRAINING, Route
from routes.snapshot import Snapshot
from routes.source import Source
from routes.table import RouteTable

_log = logging.getLogger(__name__)

REREAD_SECONDS = 60.0
SNAPSHOT_SECONDS = 30.0
PATIENCE_SECONDS = 60.0  # of one who starts with a file, for a routing service

_LABEL = re.compile(r"[a-z0-9-]{1,63}")  # nothing else can be a portal's name

LOADED = Gauge("routes_loaded_portals", "Portals whose route this process knows.")
SILENCE = Gauge("routes_silence_seconds", "Time since the routes were last proven to be current.")


class RouteMap:
    """All routes, kept current in the background. Works on with routing service and etcd stopped."""

    def __init__(
        self, source: Source, table: RouteTable, reread_seconds: float, node: str | None
    ) -> None:
        self._follower = Follower(source, table, self._changed, reread_seconds)
        self._misses = Misses(source)
        self._confirmations = Confirmations(source, node, self._revision) if node else None
        self._began_at = time.monotonic()
        self._saved = table.checksum
        # an event lives as long as somebody waits for it
        self._waiting: WeakValueDictionary[PortalId, asyncio.Event] = WeakValueDictionary()
        LOADED.set_function(lambda: len(self._follower.table))
        SILENCE.set_function(lambda: self._follower.silent_seconds)

    @classmethod
    @asynccontextmanager
    async def follow(
        cls,
        urls: Sequence[str],
        token: str,
        *,
        file: Path | None = None,
        node: str | None = None,
        reread_seconds: float = REREAD_SECONDS,
    ) -> AsyncIterator[Self]:
        """Follow the routing services at ``urls``, nearest first; keep a snapshot in ``file``.

        ``node``: ``<dc>/<name>`` of one who serves reads by these routes, and so confirms them. Returns at
        once: ``wait_until_loaded`` tells when routes are known.
        """
        known = await asyncio.to_thread(snapshot.read, file) if file else None
        async with Source.connect(urls, token) as source, contextlib.AsyncExitStack() as tasks:
            routes = cls(source, RouteTable() if known is None else known, reread_seconds, node)
            tasks.push_async_callback(routes._misses.close)
            if routes._confirmations:
                tasks.push_async_callback(routes._confirmations.withdraw)
                confirming = asyncio.create_task(routes._confirmations.run())
                tasks.push_async_callback(_cancel, confirming)
            tasks.push_async_callback(_cancel, asyncio.create_task(routes._follower.run()))
            if file:
                tasks.push_async_callback(routes._save, file)
                tasks.push_async_callback(_cancel, asyncio.create_task(routes._keep(file)))
            yield routes

    def __len__(self) -> int:
        return len(self._follower.table)

    @property
    def is_loaded(self) -> bool:
        """Whether routes are known, from the routing service or, if that fails, from the file."""
        return self._follower.loaded.is_set()

    @property
    def is_settled(self) -> bool:
        """Whether to serve by what is known: a routing service has confirmed it, or none can be had.

        A file may be half a minute old. Who starts with it waits a little before he takes requests:
        the nodes that run on know the portals that were made meanwhile.
        """
        waited = time.monotonic() - self._began_at
        return self.is_loaded and (self._follower.confirmed or waited > PATIENCE_SECONDS)

    @property
    def silent_seconds(self) -> float:
        """How long ago the routes were last proven to be current."""
        return self._follower.silent_seconds

    @property
    def may_be_stale(self) -> bool:
        """Whether a portal may have opened elsewhere without waiting for this node to know."""
        return self._confirmations is not None and not self._confirmations.are_taken

    @property
    def untaken_seconds(self) -> float:
        """How long nobody has taken this node's word that it knows the routes; 0 for who gives none."""
        return 0.0 if self._confirmations is None else self._confirmations.untaken_seconds

    async def wait_until_loaded(self) -> None:
        """Wait until routes are known; bound it with ``asyncio.timeout``."""
        await self._follower.loaded.wait()

    def find(self, label: str) -> Route | None:
        """Return the route of a host's first label (A-label, lower case), or ``None``. No call."""
        return self._follower.table.find(label)

    def find_by_id(self, portal: PortalId) -> Route | None:
        """Return the route of a portal, or ``None``. No call."""
        return self._follower.table.find_by_id(portal)

    async def resolve(self, label: str) -> Route | None:
        """Return the route; on a miss ask the routing service, for a second at most.

        ``None`` means that there is no such portal. Raises ``RoutesUnavailableError`` if nobody answers:
        the portal may have been made since the last that was heard.
        """
        route = self.find(label)
        if route is not None or not _LABEL.fullmatch(label):
            return route
        try:
            return await self._misses.ask(label)
        except NoAnswerError as error:
            route = self.find(label)  # it may have been told meanwhile
            if route is None:
                raise RoutesUnavailableError from error
            return route

    async def opened(
        self, portal: PortalId, within_seconds: float, *, stale: Route | None = None
    ) -> Route | None:
        """Wait for a route that nobody is moving and, if one proved ``stale``, newer than that.

        A move that is taken back ends with the numbers it began with, so who only waits for its end names
        no stale route. ``None`` if the time is up or the portal is gone.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_seconds):
                route = self.find_by_id(portal)
                while route is not None and not _is_open(route, stale):
                    await self._waiting.setdefault(portal, asyncio.Event()).wait()
                    route = self.find_by_id(portal)
                return route
        return None

    def _revision(self) -> int:
        return self._follower.table.revision

    def _changed(self, portal: PortalId | None) -> None:
        """Wake those who wait; confirm at once what somebody may wait for: a move is such a change."""
        self._wake(portal)
        if self._confirmations is not None:
            route = None if portal is None else self.find_by_id(portal)
            if portal is None or (route is not None and route.state == DRAINING):
                self._confirmations.hurry()

    def _wake(self, portal: PortalId | None) -> None:
        """Let those look again who wait for the portal, or everybody."""
        portals = list(self._waiting) if portal is None else [portal]
        for each in portals:
            event = self._waiting.pop(each, None)
            if event is not None:
                event.set()

    async def _keep(self, file: Path) -> None:
        while True:
            await asyncio.sleep(SNAPSHOT_SECONDS)
            await self._save(file)

    async def _save(self, file: Path) -> None:
        """Write the file if the routes changed; a failure is logged, the next turn tries again."""
        taken = Snapshot.of(self._follower.table)
        if taken.checksum == self._saved or not taken.history:
            return
        try:
            await asyncio.to_thread(taken.write, file)
        except OSError as error:
            _log.warning("snapshot not written", extra={"path": str(file), "reason": repr(error)})
        else:
            self._saved = taken.checksum


def _is_open(route: Route, stale: Route | None) -> bool:
    is_newer = stale is None or route.is_newer_than(stale.term, stale.epoch)
    return is_newer and route.state != DRAINING


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
