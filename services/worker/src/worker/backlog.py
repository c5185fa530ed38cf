"""Jobs seen to be due, shared out fairly: portals take turns, and none has more than its part at once."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass

from jobs.queue import JobId
from kernel.ids import PortalId
from worker.metrics import WAITING

AT_ONCE_PER_PORTAL = 4
# Two scans are half a second apart: enough for one portal to keep its part busy with short jobs.
WAITING_PER_PORTAL = 500
WAITING_MOST = 20_000


@dataclass(frozen=True, slots=True)
class Turn:
    """A job that may be tried. Whether it is still due shows when it is claimed."""

    portal: PortalId
    job: JobId


class Backlog:
    """Filled by the scout, emptied by the runners. Bounded: what finds no room is seen again later."""

    def __init__(self) -> None:
        self._waiting: dict[PortalId, dict[JobId, None]] = {}  # who was served last stands last
        self._running: defaultdict[PortalId, set[JobId]] = defaultdict(set)
        self._count = 0
        self._changed = asyncio.Event()
        self._closed = False

    def offer(self, turn: Turn) -> None:
        """Let the job wait for a runner, unless it does already, is running, or there is no room."""
        waiting = self._waiting.get(turn.portal, {})
        known = turn.job in waiting or turn.job in self._running.get(turn.portal, ())
        if known or len(waiting) >= WAITING_PER_PORTAL or self._count >= WAITING_MOST:
            return
        self._waiting.setdefault(turn.portal, waiting)[turn.job] = None
        self._counted(+1)

    async def take(self) -> Turn | None:
        """Return the next turn as soon as there is one; ``None`` once closed. Say ``finished`` after it."""
        while not self._closed:
            if (turn := self._next()) is not None:
                return turn
            self._changed.clear()
            await self._changed.wait()
        return None

    def finished(self, turn: Turn) -> None:
        """Give the portal back its part."""
        running = self._running[turn.portal]
        running.discard(turn.job)
        if not running:
            del self._running[turn.portal]
        self._changed.set()

    def forget(self, portal: PortalId) -> None:
        """Let none of the portal's jobs wait any longer: it is not ours, whatever the scout believed."""
        self._counted(-len(self._waiting.pop(portal, ())))

    def close(self) -> None:
        """Give out nothing more."""
        self._closed = True
        self._changed.set()

    def _next(self) -> Turn | None:
        portal = next((p for p in self._waiting if self._has_room(p)), None)
        if portal is None:
            return None
        jobs = self._waiting.pop(portal)
        job = next(iter(jobs))
        del jobs[job]
        if jobs:
            self._waiting[portal] = jobs
        self._running[portal].add(job)
        self._counted(-1)
        return Turn(portal, job)

    def _has_room(self, portal: PortalId) -> bool:
        return len(self._running.get(portal, ())) < AT_ONCE_PER_PORTAL

    def _counted(self, change: int) -> None:
        self._count += change
        WAITING.inc(change)
        self._changed.set()
