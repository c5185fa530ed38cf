"""The leading controller's part in switches of portals: it begins them, and takes back what does not end."""

import logging
import time
from collections.abc import Callable

from failover import portals
from failover.control.demanding import (
    ATTEMPTS,
    Begun,
    OvertakenError,
    RefusedError,
    UnknownError,
)
from failover.control.election import Election
from failover.control.look import Look
from failover.control.metrics import HANDOVERS
from failover.control.portal_wire import PortalRecord
from failover.control.sight import MOST_PORTALS, Sight
from failover.control.store import NotLeadingError, Store
from failover.demands import Code, Refusal
from failover.portals import PortalDecision, PortalSnapshot
from failover.record import Pair
from kernel.ids import PortalId

_log = logging.getLogger(__name__)


class Handovers:
    """Watches over every switch that the index names, whoever began it."""

    def __init__(
        self,
        sight: Sight,
        store: Store,
        election: Election,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._sight = sight
        self._store = store
        self._election = election
        self._wall = wall

    async def find(self, portal: PortalId) -> PortalRecord | None:
        """Return a portal's record."""
        return (await self._sight.portals([portal])).get(portal)

    async def demand(
        self,
        portal: PortalId,
        target: str,
        epoch: int,
        budget_seconds: float,
        *,
        is_dry_run: bool,
    ) -> Begun:
        """Begin the switch of a portal; raises as ``Controller.demand`` does."""
        for _ in range(ATTEMPTS):
            look = await self._sight.look()
            record = await self.find(portal)
            if record is None or record.pair not in look.records:
                raise UnknownError
            if self._election.leads_seconds <= 0:
                raise NotLeadingError
            seen = self._snapshot(look, record)
            decision = portals.begin(seen, target, epoch, budget_seconds)
            refusal = decision.refusal or refuse_crowd(look)
            if refusal is not None:
                raise RefusedError(refusal)
            if is_dry_run:
                return Begun(decision.why, None)
            revision = await self._change(record, seen.pair, decision)
            if revision is not None:
                return Begun(decision.why, revision)
        raise OvertakenError

    async def turn(self, look: Look) -> bool:
        """Take back what must be; tell whether something was."""
        has_changed = False
        for portal in look.moving:
            record = look.portals.get(portal)
            if record is None or not record.portal.is_draining:
                await self._forget(portal, record)
            elif record.pair in look.records:
                has_changed |= await self._continue(look, record)
        return has_changed

    async def _continue(self, look: Look, record: PortalRecord) -> bool:
        seen = self._snapshot(look, record)
        decision = portals.supervise(seen)
        if decision.after is None:
            return False
        return await self._change(record, seen.pair, decision) is not None

    async def _change(
        self, record: PortalRecord, pair: Pair, decision: PortalDecision
    ) -> int | None:
        assert decision.after is not None  # noqa: S101  # callers have asked
        leader = self._election.revision
        revision = await self._store.change_portal(record, decision.after, pair, leader)
        if revision is not None:
            HANDOVERS.labels(str(record.pair)).inc()
            _log.info(
                decision.why,
                extra={
                    "portal": str(record.id),
                    "epoch": decision.after.epoch,
                    "revision": revision,
                },
            )
        return revision

    async def _forget(self, portal: PortalId, record: PortalRecord | None) -> None:
        """Drop from the index what is not being switched: deleted, or changed by somebody else."""
        revision = 0 if record is None else record.revision
        await self._store.forget_portal(portal, revision, self._election.revision)

    def _snapshot(self, look: Look, record: PortalRecord) -> PortalSnapshot:
        return PortalSnapshot(
            portal=record.portal,
            pair=look.records[record.pair].pair,
            wall=self._wall(),
        )


def refuse_crowd(look: Look) -> Refusal | None:
    """Agents and controller follow only so many switches at once."""
    if len(look.moving) < MOST_PORTALS:
        return None
    why = f"{len(look.moving)} portals are being switched: wait for them"
    return Refusal(Code.MOVE_RUNS, why)
