"""The portal's rate limit: one busy portal must not take the node from the others.

Each node counts for itself; a portal's requests spread over the nodes of its datacentre, so the limit of
an installation is this one times the nodes. What the plan allows to integrations is counted elsewhere.
"""

import time

from cachetools import LRUCache

from kernel import gcra
from kernel.errors import TooManyRequestsError
from kernel.ids import PortalId

BURST_SECONDS = 2.0  # this many seconds' worth may come at once
MOST_REMEMBERED = 100_000  # who is forgotten was not asking: the least recent goes first


class Rates:
    """Requests of each portal to this node."""

    def __init__(self, per_second: float) -> None:
        self._rate = gcra.Rate(max(1, round(per_second * BURST_SECONDS)), BURST_SECONDS)
        self._arrivals: LRUCache[PortalId, float] = LRUCache(MOST_REMEMBERED)

    def admit(self, portal: PortalId) -> None:
        """Count one request, or raise ``TooManyRequestsError``."""
        verdict = gcra.judge(self._rate, self._arrivals.get(portal, 0.0), time.monotonic())
        if verdict.wait_seconds:
            raise TooManyRequestsError(retry_after=verdict.wait_seconds)
        self._arrivals[portal] = verdict.arrival_at
