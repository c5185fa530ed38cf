"""Copies late transactions to where they are safe, as soon as a returning server is found to have any.

An operator decides about them later, perhaps much later; until then nothing may depend on that server.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from failover import rejoin
from failover.control.sight import Sight
from failover.database.session import ServerError
from failover.late import UnreadableError
from failover.record import Rejoin, Step
from kernel.ids import PairId

PERIOD_SECONDS = 2.0
RETRY_SECONDS = 10.0
_log = logging.getLogger(__name__)


class LateKeeper:
    """Runs beside the agent; ``keep`` copies everything late and may be repeated."""

    def __init__(self, pair: PairId, sight: Sight, keep: Callable[[], Awaitable[int]]) -> None:
        self._pair = pair
        self._sight = sight
        self._keep = keep
        self._kept = ""

    async def run(self) -> None:
        """Look now and then, for ever."""
        while True:
            pause = PERIOD_SECONDS if await self._turn() else RETRY_SECONDS
            await asyncio.sleep(pause)

    async def _turn(self) -> bool:
        run = self._find_late()
        if run is None or run == self._kept:
            return True
        try:
            count = await self._keep()
        except (ServerError, UnreadableError) as error:
            _log.warning("late transactions are not kept yet", extra={"reason": str(error)})
            return False
        self._kept = run
        _log.warning("late rows are kept at the peer", extra={"pair": self._pair, "rows": count})
        return True

    def _find_late(self) -> str | None:
        """Return the run of the own server if it stands in the rejoin and has late transactions."""
        look = self._sight.last
        if look is None or self._pair not in look.records:
            return None
        site, record = self._sight.site, look.records[self._pair].pair
        accounts = (look.account(self._pair, site), look.account(self._pair, record.peer_of(site)))
        own, peer = (None if a is None else a.report.database for a in accounts)
        if own is None or peer is None or record.move != Rejoin(site, Step.RESTART):
            return None
        is_late = own.is_pristine and rejoin.late_transactions(own, peer) > 0
        return own.run if is_late else None
