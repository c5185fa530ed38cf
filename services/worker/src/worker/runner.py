"""Gives a job one turn: claim it, do it, write how it ended.

Claim and end are fenced transactions of the portal; between them stands only the lease. Whatever dies in
the middle, the lease ends and the turn is repeated.
"""

import asyncio
import logging
import secrets
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from db.engine import Database
from db.errors import StaleRouteError
from db.sessions import writing
from jobs import claims, mail
from jobs.claims import LEASE_SECONDS, Claim
from jobs.outcomes import Again, Dead, Outcome, Retry
from jobs.tables import State
from kernel.errors import UnavailableError
from telemetry import logs
from worker.backlog import Backlog, Turn
from worker.metrics import CLAIMED, DEAD, JOB_SECONDS, STALE
from worker.ownership import Owned, Placed

_log = logging.getLogger(__name__)

# Leaves a third of the lease to write the end, even if the database is slow to answer.
TURN_SECONDS = LEASE_SECONDS * 2 / 3
# The end of a turn is worth some patience: without it a mail that was sent is sent again. It outlasts a
# switch or a takeover, and ends before the lease does.
SETTLE_WAITS = (0.0, 0.2, 0.5, 1.0, 2.0, 3.0, 4.0)
# After the database failed: else the whole backlog would run into it within a moment.
PAUSE_SECONDS = 1.0

Handler = Callable[[Claim], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Handlers:
    """Who does which kind."""

    by_kind: Mapping[str, Handler]
    otherwise: Handler

    def of(self, kind: str) -> Handler:
        """Return the handler of a kind."""
        return self.by_kind.get(kind, self.otherwise)


class Runner:
    """Takes turns from the backlog, one after another."""

    def __init__(
        self,
        *,
        database: Database,
        owned: Owned,
        placed: Placed,
        backlog: Backlog,
        handlers: Handlers,
        name: str,
    ) -> None:
        self._database = database
        self._owned = owned
        self._placed = placed
        self._backlog = backlog
        self._handlers = handlers
        self._name = name

    async def run(self) -> None:
        """Work until the backlog closes."""
        while (turn := await self._backlog.take()) is not None:
            try:
                with logs.bound(portal=turn.portal, job=turn.job):
                    at_once_again = await self._try(turn)
            finally:
                self._backlog.finished(turn)
            if at_once_again:
                self._backlog.offer(turn)

    async def _try(self, turn: Turn) -> bool:
        """Give one turn if that is possible now. If not nothing is lost: it is due, or will be."""
        try:
            return await self._give(turn)
        except StaleRouteError:
            STALE.inc()
            self._backlog.forget(turn.portal)
        except UnavailableError as error:
            _log.warning("a turn was not begun or not ended", extra={"reason": repr(error)})
            await asyncio.sleep(PAUSE_SECONDS)
        return False

    async def _give(self, turn: Turn) -> bool:
        """Give one turn; return whether the next may follow at once."""
        holder = f"{self._name}/{secrets.token_hex(6)}"
        ownership = self._owned(turn.portal)
        if ownership is None:
            raise StaleRouteError
        async with writing(self._database, ownership) as session:
            claim = await claims.claim(session, turn.job, holder)
        if claim is None:
            return False  # another worker was first
        CLAIMED.labels(claim.kind).inc()
        started_at = time.monotonic()
        outcome = await self._attempt(claim)
        state = await self._settle(claim, outcome)
        JOB_SECONDS.labels(claim.kind, state or "lost").observe(time.monotonic() - started_at)
        if state is State.DEAD:
            DEAD.labels(claim.kind).inc()
            _log.error("job given up", extra={"kind": claim.kind, "attempts": claim.attempts})
        return state is not None and outcome == Again()

    async def _attempt(self, claim: Claim) -> Outcome:
        if claim.attempts > claim.max_attempts:
            return Dead("each attempt ended with the death of its worker")
        try:
            async with asyncio.timeout(TURN_SECONDS):
                return await self._handlers.of(claim.kind)(claim)
        except TimeoutError:
            return Retry("no end in time")
        except Exception as error:  # noqa: BLE001  # the one place: a poisoned job must not take the others along
            # the message of an unknown error may quote the payload, and that may hold secrets
            _log.error("a handler failed", extra={"kind": claim.kind, "error": _origin(error)})
            return Retry(type(error).__name__)

    async def _settle(self, claim: Claim, outcome: Outcome) -> State | None:
        for wait in SETTLE_WAITS:
            await asyncio.sleep(wait)
            try:
                return await self._write_end(claim, outcome)
            except (UnavailableError, StaleRouteError) as error:
                _log.warning("the end of a turn is not written", extra={"reason": repr(error)})
        return None

    async def _write_end(self, claim: Claim, outcome: Outcome) -> State | None:
        """Write it where the portal is now: it may have moved during the turn."""
        place = self._placed(claim.portal)
        if place is None:
            raise StaleRouteError
        async with writing(*place) as session:
            return await claims.settle(
                session, claim, outcome, forget_payload=claim.kind == mail.KIND
            )


def _origin(error: Exception) -> str:
    """Return the kind of an error and where it was raised, and not its message."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {frame.filename}:{frame.lineno}"
