"""An agent's part in the switch of a portal: its own loop writes the fence row that the record wants.

A loop of its own, because closing a portal waits for that portal's open writers, and because requests are
held meanwhile: each step begins with the news of it, not with the agent's next turn.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

import etcd
from failover import portals
from failover.control import keys
from failover.control.look import Look
from failover.control.metrics import ETCD_FAILURES
from failover.control.parts import LocalDatabase
from failover.control.portal_wire import PortalRecord
from failover.control.reports import Row
from failover.control.sight import Sight
from failover.control.waking import Wake
from failover.record import Position
from failover.state import Fence
from kernel.ids import PairId, PortalId

AT_ONCE = 8
"""So many portals wait for their writers at the same time."""
CALM_SECONDS = 0.2
HURRY_SECONDS = 0.05
STALE_SECONDS = 1.0
_log = logging.getLogger(__name__)


class PortalRows:
    """The rows of the portals of one pair that are being switched, on one server."""

    def __init__(
        self, pair: PairId, sight: Sight, database: LocalDatabase, tell: Callable[[], None]
    ) -> None:
        self.wake = Wake()
        self._pair = pair
        self._sight = sight
        self._database = database
        self._tell = tell
        self._rows: Mapping[PortalId, Fence] = {}
        self._closed: dict[PortalId, tuple[Fence, Position]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)

    def hear(self, key: str) -> None:
        """A switch took a step, or a web node learned of one."""
        is_confirmed = key.startswith(keys.NODES.start) and bool(self._sight.moving)
        if is_confirmed or key.startswith(keys.MOVING.start):
            self.wake.ring()

    async def run(self) -> None:
        """Do what the records of moving portals want, for ever."""
        while True:
            try:
                await self._turn()
            except etcd.EtcdError as error:
                ETCD_FAILURES.labels("portals").inc()
                _log.warning("portals: etcd does not answer", extra={"reason": str(error)})
            await self.wake.sleep(HURRY_SECONDS if self._sight.moving else CALM_SECONDS)

    async def read(self) -> None:
        """Read the rows anew; to be done before the server's positions are read."""
        moving = self._sight.moving
        self._rows = (await self._database.portal_rows(moving) or {}) if moving else {}
        self._closed = {p: known for p, known in self._closed.items() if p in self._rows}

    def stamped(self, logged: Position) -> Mapping[PortalId, Row]:
        """Return the rows, and with each closed one what was logged when it was first seen closed.

        No row is opened and closed under one epoch, so nothing of the portal was logged after that.
        """
        return {portal: self._stamp(portal, fence, logged) for portal, fence in self._rows.items()}

    def _stamp(self, portal: PortalId, fence: Fence, logged: Position) -> Row:
        if fence.is_open:
            return Row(fence)
        known = self._closed.get(portal)
        if known is None or known[0] != fence:
            known = self._closed[portal] = fence, logged
        return Row(fence, known[1])

    async def _turn(self) -> None:
        if not self._sight.moving:
            return
        look = await self._sight.look()
        wanted = [row for record in look.portals.values() for row in self._wanted(look, record)]
        if wanted and any(await asyncio.gather(*(self._write(look, *row) for row in wanted))):
            self._tell()

    def _wanted(self, look: Look, record: PortalRecord) -> Sequence[tuple[PortalId, Fence]]:
        if record.pair != self._pair or not record.portal.is_draining:
            return ()
        behind = look.nodes_behind(record.revision)
        known = self._rows.get(record.id)
        fence = portals.wanted_fence(record.portal, known, nodes_behind=behind)
        return () if fence is None else ((record.id, fence),)

    async def _write(self, look: Look, portal: PortalId, fence: Fence) -> bool:
        async with self._slots:
            if self._sight.clock() > look.at + STALE_SECONDS:
                return False
            return await self._database.set_portal_row(portal, fence)
