"""Takes over sign-ups that nobody works on: their node died, or gave up waiting for a server.

Claims of published portals are removed in passing: by then who waited for them has seen them.

Every signup node looks; the compare-and-set of the claim lets one of them work. That nobody works on a
claim is seen by its revision, which stays the same for ten seconds of our own clock: no two clocks are
ever compared for it.
"""

import asyncio
import logging
import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from kernel.ids import PortalId
from kernel.sealing import Sealer
from signup import hold, saga
from signup.conductor import TRANSIENT, Conductor
from signup.directory import Claim, Directory
from signup.errors import ClaimLostError
from signup.hold import UNTOUCHED_SECONDS, Hold
from signup.metrics import RECOVERED, UNFINISHED
from signup.saga import Saga
from signup.service import REFUSED
from telemetry import logs

_log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
AT_ONCE = 8
TAKEOVER_SECONDS = 45.0
# Past these we no longer roll forward: whoever typed the name has left, or tries it again. The first
# compares two clocks; one that is wrong makes us undo too early or too late, and do nothing wrong.
LONGEST = timedelta(minutes=10)
MOST_TAKEOVERS = 30


class Sightings:
    """Since when each open claim has stood at the revision at which we see it."""

    def __init__(self) -> None:
        self._seen: dict[PortalId, tuple[int, float]] = {}

    def untouched(self, claims: Iterable[Claim], at: float) -> list[Claim]:
        """Note the claims seen at the instant ``at``; return those that have not moved long enough."""
        seen = {}
        for claim in claims:
            revision, since = self._seen.get(claim.portal, (claim.revision, at))
            seen[claim.portal] = (claim.revision, since if revision == claim.revision else at)
        self._seen = seen
        return [c for c in claims if at - seen[c.portal][1] >= UNTOUCHED_SECONDS]


def is_hopeless(left: Saga, now: datetime) -> bool:
    """Whether a saga is to be undone instead of completed."""
    return left.undoing or left.takeovers >= MOST_TAKEOVERS or now - left.started_at >= LONGEST


class Recovery:
    """Looks at the open claims every few seconds."""

    def __init__(self, directory: Directory, conductor: Conductor, sealer: Sealer) -> None:
        self._directory = directory
        self._conductor = conductor
        self._sealer = sealer
        self._sightings = Sightings()
        self._places = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.look()
            except TRANSIENT as error:
                _log.warning("cannot look for sign-ups to recover", extra={"reason": repr(error)})
            except Exception:  # noqa: BLE001  # no defect may end the loop that mends what died
                _log.exception("looking for sign-ups to recover failed")
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Take over what nobody touched; a failure of one does not keep the others."""
        claims = await self._directory.claims()
        UNFINISHED.set(sum(c.is_open for c in claims))
        left = self._sightings.untouched(claims, hold.now())
        random.shuffle(left)  # the nodes see the same list: let them not start at the same end
        ends = await asyncio.gather(*map(self._take_over, left), return_exceptions=True)
        for claim, end in zip(left, ends, strict=True):
            if isinstance(end, Exception):
                _log.error(
                    "sign-up cannot be recovered", exc_info=end, extra={"portal": claim.portal}
                )

    async def _take_over(self, claim: Claim) -> None:
        with logs.bound(portal=str(claim.portal)):
            try:
                async with self._places, asyncio.timeout(TAKEOVER_SECONDS):
                    if not claim.is_open:
                        await self._directory.release(claim)
                        return
                    outcome = await self._end(claim)
            except ClaimLostError:
                return  # somebody is at work after all
            except TRANSIENT as error:
                _log.warning("sign-up still unfinished", extra={"reason": repr(error)})
                return
            RECOVERED.labels(outcome).inc()
            _log.info("sign-up recovered", extra={"outcome": outcome})

    async def _end(self, claim: Claim) -> str:
        left = saga.load(claim.portal, claim.host, claim.saga, self._sealer)
        ours = Hold(self._directory, self._sealer, claim, left, since=hold.now())
        await ours.save(left.taken_over())
        if not is_hopeless(left, datetime.now(tz=UTC)):
            try:
                await self._conductor.complete(ours)
            except REFUSED:
                _log.exception("sign-up refused, undoing it")
            else:
                return "completed"
        await self._conductor.undo(ours)
        return "undone"
