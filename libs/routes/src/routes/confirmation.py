"""A web node's word that it knows all routes up to a revision (HA.md §1, promise 7).

A portal opens at its new owner when each live node has confirmed the change. A node is live while its word
is kept in etcd under a lease; one whose word was not taken for that long may be left out, and knows it.
"""

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Callable

from prometheus_client import Counter

from routes.source import Source, SourceError

_log = logging.getLogger(__name__)

LEASE_SECONDS = 2.0  # as the routing service asks of etcd
EVERY_SECONDS = 0.6
RETRY_SECONDS = 0.1

FAILURES = Counter("routes_confirmation_failures_total", "Confirmations that nobody took.")


class Confirmations:
    """Confirms ``revision()`` for one node (``<dc>/<name>``): regularly, and at once when hurried."""

    def __init__(self, source: Source, node: str, revision: Callable[[], int]) -> None:
        self._source = source
        self._node = node
        self._revision = revision
        self._taken_at = -math.inf
        self._began_at = time.monotonic()
        self._hurried = asyncio.Event()

    @property
    def are_taken(self) -> bool:
        """Whether nobody can have opened a portal elsewhere without waiting for this node.

        Counted from when the last confirmation was sent: the lease began later than that.
        """
        return time.monotonic() - self._taken_at < LEASE_SECONDS

    @property
    def untaken_seconds(self) -> float:
        """How long nobody has taken this node's word."""
        return time.monotonic() - max(self._taken_at, self._began_at)

    def hurry(self) -> None:
        """Confirm now: somebody waits for it."""
        self._hurried.set()

    async def run(self) -> None:
        """Confirm for ever."""
        while True:
            self._hurried.clear()
            pause = EVERY_SECONDS if await self._confirm() else RETRY_SECONDS
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._hurried.wait()

    async def withdraw(self) -> None:
        """Say good-bye, so that nobody waits for the lease to end; unheard, it ends by itself."""
        try:
            await self._source.withdraw(self._node)
        except SourceError as error:
            _log.warning("withdrawal not taken", extra={"reason": str(error)})

    async def _confirm(self) -> bool:
        revision, sent_at = self._revision(), time.monotonic()
        if not revision:
            return False  # no route is known yet
        try:
            newest = await self._source.confirm(self._node, revision)
        except SourceError as error:
            FAILURES.inc()
            _log.debug("confirmation not taken", extra={"reason": str(error)})
            return False
        if self._revision() < newest:
            return False  # frozen for a while: what was opened without this node is still on its way here
        self._taken_at = sent_at
        return True
