"""Gives a server the fence rows of all portals of its pair that it lacks (ADR 0016).

A server that was away missed what changed meanwhile; a best-effort row of a sign-up may be missing too.
"""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import etcd
from failover.control import keys
from failover.control.look import portals_of
from failover.control.parts import LocalDatabase
from failover.control.waking import Wake
from failover.state import Fence
from kernel.ids import PairId

PERIOD_SECONDS = 60.0
RETRY_SECONDS = 1.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Done:
    """A complete sweep: of etcd as it was at ``revision``, into this run of the server."""

    revision: int
    run: str


class Sweep:
    """Runs beside the agent's loop."""

    def __init__(self, client: etcd.Client, pair: PairId, database: LocalDatabase) -> None:
        self._client = client
        self._pair = pair
        self._database = database
        self._wake = Wake()
        self.homes: Mapping[str, int] | None = None
        """How many portals each side had when they were last gone through."""
        self._done = Done(0, "")

    def covers(self, revision: int, run: str) -> bool:
        """Tell whether this run of the server has all rows as of ``revision``; if not, see to it."""
        if self._done.run == run and self._done.revision >= revision:
            return True
        self._wake.ring()
        return False

    async def run(self) -> None:
        """Sweep at the start, when asked to, and every minute."""
        while True:
            await self._wake.sleep(PERIOD_SECONDS if await self._try() else RETRY_SECONDS)

    async def _try(self) -> bool:
        try:
            done = await self._sweep()
        except etcd.EtcdError as error:
            _log.warning("portal rows not swept", extra={"reason": str(error)})
            return False
        if done is not None:
            self._done = done
        return done is not None

    async def _sweep(self) -> Done | None:
        """Go through all portals, page by page; ``None`` if the server did not take everything."""
        own, revision = await self._database.observe(), 0
        homes: Counter[str] = Counter()
        if own is None:
            return None
        async for page in self._client.pages(keys.PORTALS):
            revision = page.revision
            records = [r for r in portals_of((page,)).values() if r.pair == self._pair]
            homes.update(record.portal.home for record in records)
            wanted = {
                record.id: Fence(record.portal.epoch, is_open=True)
                for record in records
                if not record.portal.is_draining  # those are the part of ``PortalRows``
            }
            if wanted and not await self._database.raise_portal_rows(wanted):
                return None
        self.homes = homes
        return Done(revision, own.run)
