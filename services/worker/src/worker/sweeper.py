"""Removes jobs that were finished long ago, in small transactions."""

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Sequence

from db.engine import Database
from db.sessions import writing
from jobs import scanning
from jobs.queue import JobId
from jobs.scanning import Found
from kernel.errors import PorticoError
from kernel.ids import PortalId
from worker.metrics import REMOVED
from worker.ownership import Owned

_log = logging.getLogger(__name__)

EVERY_SECONDS = 3600.0
BATCH = 100


class Sweeper:
    """Keeps the table from growing for ever."""

    def __init__(self, database: Database, owned: Owned) -> None:
        self._database = database
        self._owned = owned

    async def run(self) -> None:
        """Sweep about every hour, not in step with other workers."""
        while True:
            await asyncio.sleep(EVERY_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311  # spreads load
            try:
                await self.sweep()
            except PorticoError as error:
                _log.warning("sweep broken off", extra={"reason": repr(error)})

    async def sweep(self) -> None:
        """Remove what has expired in the portals we own."""
        async for page in scanning.expired(self._database):
            for portal, jobs in _by_portal(page).items():
                for start in range(0, len(jobs), BATCH):
                    await self._remove(portal, jobs[start : start + BATCH])

    async def _remove(self, portal: PortalId, jobs: Sequence[JobId]) -> None:
        ownership = self._owned(portal)
        if ownership is None:
            return
        async with writing(self._database, ownership) as session:
            for job in jobs:
                await scanning.remove_expired(session, job)
        REMOVED.inc(len(jobs))


def _by_portal(page: Sequence[Found]) -> dict[PortalId, list[JobId]]:
    jobs: defaultdict[PortalId, list[JobId]] = defaultdict(list)
    for found in page:
        jobs[found.portal].append(found.job)
    return jobs
