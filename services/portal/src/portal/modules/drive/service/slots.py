"""How many uploads a node takes at a time: each holds a part of 8 MiB in memory."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Gauge

from kernel.ids import PortalId
from portal.modules.drive.errors import DriveBusyError

# 48 parts of 8 MiB are 384 MiB at worst. One portal gets no more than half, so the others find room.
MOST_UPLOADS = 48
MOST_OF_A_PORTAL = 24
RETRY_SECONDS = 2.0

UPLOADS = Gauge("portal_drive_uploads", "Uploads that this node receives right now.")


class Slots:
    """Counts the uploads of a node; refuses at once instead of queueing."""

    def __init__(self, most: int = MOST_UPLOADS, most_of_a_portal: int = MOST_OF_A_PORTAL) -> None:
        self._most = most
        self._most_of_a_portal = most_of_a_portal
        self._of: Counter[PortalId] = Counter()

    @contextmanager
    def taken(self, portal: PortalId) -> Iterator[None]:
        """Hold a slot, or raise ``DriveBusyError``."""
        if self._of.total() >= self._most or self._of[portal] >= self._most_of_a_portal:
            raise DriveBusyError(retry_after=RETRY_SECONDS)
        self._of[portal] += 1
        try:
            with UPLOADS.track_inprogress():
                yield
        finally:
            self._of[portal] -= 1
            if not self._of[portal]:
                del self._of[portal]
