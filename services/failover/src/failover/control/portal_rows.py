"""An agent's part in the switch of a portal: raises the row on its server, and releases what it serves next.

A loop of its own, because raising a row waits for the portal's open writers, and because requests are held
meanwhile: each step begins with the event that it waited for, and reads nothing first.
"""

import asyncio
import logging
from collections.abc import Iterator

import etcd
from failover import portals
from failover.control import keys
from failover.control.look import Look
from failover.control.metrics import ETCD_FAILURES, HANDOVERS
from failover.control.parts import LocalDatabase
from failover.control.portal_wire import PortalRecord
from failover.control.sight import Sight
from failover.control.store import Store
from failover.control.waking import Wake
from failover.portals import PortalDecision, Raised, Readiness
from failover.record import Position
from kernel.ids import PairId, PortalId

AT_ONCE = 8
"""So many portals wait for their writers at the same time."""
CALM_SECONDS = 0.2
HURRY_SECONDS = 0.05
APPLY_SECONDS = 0.5
STALE_SECONDS = 1.0
"""Web nodes come and go: who was live so long ago is read again before a portal is released."""
HEARD = (keys.MOVING.start, keys.RAISED.start, keys.NODES.start)
_log = logging.getLogger(__name__)


class PortalRows:
    """The portals of one pair that are being switched, on one server."""

    def __init__(self, pair: PairId, sight: Sight, store: Store, database: LocalDatabase) -> None:
        self.wake = Wake()
        self._pair = pair
        self._sight = sight
        self._store = store
        self._database = database
        self._raised: dict[PortalId, Raised] = {}
        self._applied: dict[PortalId, Position] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)

    def hear(self, key: str) -> None:
        """A switch took a step, or a web node learned of one."""
        if self._sight.moving and key.startswith(HEARD):
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

    async def _turn(self) -> None:
        look = self._sight.last
        if look is None or self._pair not in look.records:
            return
        records = list(self._moving(look))
        ids = {record.id for record in records}
        self._raised = {portal: self._raised[portal] for portal in ids & self._raised.keys()}
        self._applied = {portal: self._applied[portal] for portal in ids & self._applied.keys()}
        await asyncio.gather(*(self._follow(look, record) for record in records))

    def _moving(self, look: Look) -> Iterator[PortalRecord]:
        """Return the portals of this pair that are being switched; one that is only draining is not."""
        for portal in look.moving:
            record = look.portals.get(portal)
            if record is not None and record.pair == self._pair and record.portal.is_draining:
                yield record

    async def _follow(self, look: Look, record: PortalRecord) -> None:
        """Take the next step there is for this server."""
        portal, pair = record.portal, look.records[self._pair].pair
        if not await self._raise(record, pair.revision):
            return
        own, said = self._raised[record.id], look.raised.get(record.id)
        is_source = portal.target is not None and pair.serving[portal.home] == self._sight.site
        if is_source and said != own:
            await self._store.tell_raised(record, own)
        if portals.next_owner(portal, pair) != self._sight.site:
            return
        if said is not None:
            await self._apply(record.id, said.logged)
        if self._decide(look, record).after is not None:
            is_old = self._sight.clock() > look.at + STALE_SECONDS
            await self._release(await self._sight.look() if is_old else look, record.id)

    async def _raise(self, record: PortalRecord, pair_revision: int) -> bool:
        """Raise the row on this server; no command is too late, the row itself refuses what is."""
        wanted, known = portals.wanted_fence(record.portal), self._raised.get(record.id)
        if known is not None and (known.epoch, known.pair) == (wanted.term, pair_revision):
            return True
        async with self._slots:
            logged = await self._database.set_portal_row(record.id, wanted)
        if logged is None:
            return False
        self._raised[record.id] = Raised(wanted.term, pair_revision, logged)
        return True

    async def _apply(self, portal: PortalId, logged: Position) -> None:
        """Wait until this server shows what the source had logged."""
        if self._applied.get(portal) == logged:
            return
        if await self._database.has_applied(logged, APPLY_SECONDS):
            self._applied[portal] = logged

    async def _release(self, look: Look, portal: PortalId) -> None:
        record = look.portals.get(portal)
        if record is None or not record.portal.is_draining:
            return
        decision, pair = self._decide(look, record), look.records[self._pair].pair
        if decision.after is None or portals.next_owner(record.portal, pair) != self._sight.site:
            return
        revision = await self._store.release_portal(record, decision.after, pair)
        if revision is not None:
            HANDOVERS.labels(str(self._pair)).inc()
            told = {"portal": str(portal), "epoch": decision.after.epoch, "revision": revision}
            _log.info(decision.why, extra=told)

    def _decide(self, look: Look, record: PortalRecord) -> PortalDecision:
        known = Readiness(
            own=self._raised.get(record.id),
            source=look.raised.get(record.id),
            applied=self._applied.get(record.id, {}),
            nodes_behind=look.nodes_behind(record.revision),
        )
        return portals.release(record.portal, look.records[self._pair].pair, known)
