"""Looks for due jobs of our portals, again and again.

Polling, not a notification: a bell that rings from web node to worker would be one more thing that can
be down, and the poll would still be needed for retries, later times and ended leases. An idle look is one
read of an empty index range, and nobody notices half a second in a job.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from db.engine import Database
from jobs import scanning
from kernel.errors import UnavailableError
from worker.backlog import Backlog, Turn
from worker.metrics import OLDEST_DUE_SECONDS, SCAN_FAILURES
from worker.ownership import Owned

_log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
BLIND_SECONDS = 15.0  # without a successful look a worker does not call itself ready


class Scout:
    """Fills the backlogs; ``backlog_of`` says which one a kind of job waits in."""

    def __init__(
        self, database: Database, owned: Owned, backlog_of: Callable[[str], Backlog]
    ) -> None:
        self._database = database
        self._owned = owned
        self._backlog_of = backlog_of
        self._seen_at = time.monotonic()

    @property
    def is_blind(self) -> bool:
        """Whether no look has succeeded for too long."""
        return time.monotonic() - self._seen_at > BLIND_SECONDS

    async def run(self) -> None:
        """Look for ever; rest as long as a look took, so that a huge table does not take all time."""
        while True:
            started_at = time.monotonic()
            try:
                await self.look()
                self._seen_at = time.monotonic()
            except UnavailableError as error:
                SCAN_FAILURES.inc()
                _log.warning("cannot look for due jobs", extra={"reason": repr(error)})
            await asyncio.sleep(max(POLL_SECONDS, time.monotonic() - started_at))

    async def look(self) -> None:
        """Go once through all jobs that are due or have news."""
        oldest = 0.0
        for looking in (scanning.due, scanning.awake):
            async for page in looking(self._database):
                for found in page:
                    if self._owned(found.portal) is not None:
                        oldest = max(oldest, found.seconds)
                        self._backlog_of(found.kind).offer(Turn(found.portal, found.job))
        OLDEST_DUE_SECONDS.set(oldest)
