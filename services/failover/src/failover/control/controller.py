"""The candidate for controller of one site: while it leads, it moves the records, one change at a time."""

import logging
from collections.abc import Sequence

import etcd
from failover.actions import ChangeRecord, Resign
from failover.control import keys
from failover.control.demanding import (
    ATTEMPTS,
    Begun,
    OvertakenError,
    RefusedError,
    UnknownError,
)
from failover.control.election import Election
from failover.control.handovers import Handovers
from failover.control.look import Look
from failover.control.metrics import DECISIONS, ETCD_FAILURES, TURN_SECONDS
from failover.control.sight import Sight
from failover.control.store import NotLeadingError, Store
from failover.control.waking import Wake
from failover.decide import answer, decide
from failover.decision import Decision
from failover.demands import Demand
from failover.state import Snapshot
from kernel.ids import PairId

CALM_SECONDS = 0.2
FAILED_SECONDS = 0.1
STALE_SECONDS = 1.0
"""What was decided so long ago is dropped: whoever slept looks again."""
WITNESS_BACK_SECONDS = 10.0
HEARD = (keys.REPORTS.start, keys.PAIRS.start)
_log = logging.getLogger(__name__)


class Controller:
    """Two of them may believe to lead: of two changes over one revision one fails."""

    def __init__(
        self,
        pairs: Sequence[PairId],
        sight: Sight,
        store: Store,
        election: Election,
        handovers: Handovers,
    ) -> None:
        self.wake = Wake()
        self.why: dict[PairId, str] = {}
        """What it last decided about each pair, while it leads."""
        self._pairs = pairs
        self._sight = sight
        self._store = store
        self._election = election
        self._handovers = handovers
        self._calm_since: float | None = None

    def hear(self, key: str) -> None:
        """A report or a record changed."""
        if self._election.leads_seconds > 0 and key.startswith(HEARD):
            self.wake.ring()

    async def run(self) -> None:
        """Do turn after turn, for ever."""
        while True:
            try:
                pause = 0.0 if await self._turn() else CALM_SECONDS
            except NotLeadingError:
                pause = FAILED_SECONDS
            except etcd.EtcdError as error:
                ETCD_FAILURES.labels("controller").inc()
                _log.warning("controller: etcd does not answer", extra={"reason": str(error)})
                pause = FAILED_SECONDS
            await self.wake.sleep(pause)

    async def demand(self, pair: PairId, demand: Demand, *, is_dry_run: bool) -> Begun:
        """Begin what an operator demands.

        Raises ``RefusedError``, ``UnknownError``, ``NotLeadingError``, ``OvertakenError``, ``EtcdError``.
        """
        for _ in range(ATTEMPTS):
            look = await self._sight.look()
            if pair not in look.records:
                raise UnknownError
            decision = answer(self._snapshot(look, pair), demand)
            if decision.refusal is not None:
                raise RefusedError(decision.refusal)
            if not isinstance(decision.action, ChangeRecord):
                raise NotLeadingError
            if is_dry_run:
                return Begun(decision.why, None)
            revision = await self._change(look, pair, decision.action, decision.why)
            if revision is not None:
                return Begun(decision.why, revision)
        raise OvertakenError

    async def _turn(self) -> bool:
        """Look, decide, change; tell whether something was changed."""
        if self._election.leads_seconds <= 0:
            self.why.clear()
            return False
        with TURN_SECONDS.labels("controller").time():
            return await self._lead()

    async def _lead(self) -> bool:
        look = await self._sight.look()
        has_changed = False
        for pair in self._pairs:
            if pair in look.records:
                has_changed |= await self._act(look, pair)
        has_changed |= await self._handovers.turn(look)
        await self._defer(is_calm=not has_changed and not look.moving)
        return has_changed

    async def _act(self, look: Look, pair: PairId) -> bool:
        decision = decide(self._snapshot(look, pair))
        self._note(pair, decision)
        if self._sight.clock() > look.at + STALE_SECONDS:
            return True
        match decision.action:
            case ChangeRecord() as action:
                return await self._change(look, pair, action, decision.why) is not None
            case Resign():
                await self._election.resign()
                return False
            case None:
                return False

    async def _change(self, look: Look, pair: PairId, action: ChangeRecord, why: str) -> int | None:
        known, leader = look.records[pair], self._election.revision
        revision = await self._store.change(pair, known, action.after, why, leader)
        told = {"pair": pair, "term": action.after.term, "mode": action.after.mode.value}
        if revision is None:
            _log.info("overtaken: %s", why, extra=told)
        else:
            _log.warning(why, extra={**told, "revision": revision})
            DECISIONS.labels(str(pair)).inc()
        return revision

    def _snapshot(self, look: Look, pair: PairId) -> Snapshot:
        return self._sight.snapshot(look, pair, self._election.leads_seconds)

    def _note(self, pair: PairId, decision: Decision) -> None:
        """Log what it waits for whenever that is news; changes are logged when they are made."""
        if decision.action is None and self.why.get(pair) != decision.why:
            _log.info(decision.why, extra={"pair": pair})
        self.why[pair] = decision.why

    async def _defer(self, *, is_calm: bool) -> None:
        """Leave the lead to the witness once it is back: its death takes no database with it."""
        witness = keys.report_key(self._pairs[0], self._sight.witness)
        is_back = self._sight.age(witness) < STALE_SECONDS
        if self._sight.site == self._sight.witness or not (is_calm and is_back):
            self._calm_since = None
            return
        now = self._sight.clock()
        self._calm_since = self._calm_since or now
        if now - self._calm_since >= WITNESS_BACK_SECONDS:
            self._calm_since = None
            _log.info("the witness is back: it may lead")
            await self._election.resign()
