"""Load that does not wait for answers: operations are sent when they are due, in bounded number.

An open loop, because clients that wait politely for a stalled system send fewer requests just when it is
slow, and so hide the stall. What would exceed the bound is not sent, and counted.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from laboratory.history import History

MOST_UNDER_WAY = 2000


class Workload(Protocol):
    """Something that clients do; ``step`` is one operation, due at a time, of one client."""

    async def step(self, client: int, due: float) -> None:
        """Do it, and note it in the history; never raises."""


class Load:
    """Keeps all clients of a run at work."""

    def __init__(self) -> None:
        self.not_sent = 0
        self._under_way: set[asyncio.Task[None]] = set()
        self._sources: list[asyncio.Task[None]] = []
        self._runs = True

    def arrivals(self, workload: Workload, per_second: float, seed: int) -> None:
        """Send operations at random times, so many a second, whether or not the last was answered."""
        chance = random.Random(seed)  # noqa: S311  # no secret
        self._begin(self._arrive(workload, per_second, chance))

    def people(self, workload: Workload, clients: int, per_second: float) -> None:
        """Let clients work one operation after the other, each so many a second if it can."""
        for client in range(clients):
            self._begin(self._work(workload, client, 1 / per_second))

    async def stop(self, patience: float = 30.0) -> None:
        """Send nothing more, and wait for the answers that are still due."""
        self._runs = False
        await asyncio.gather(*self._sources)
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=patience)
            for task in late:
                task.cancel()

    def _begin(self, source: Awaitable[None]) -> None:
        self._sources.append(asyncio.ensure_future(source))

    async def _arrive(self, workload: Workload, per_second: float, chance: random.Random) -> None:
        due, client = time.monotonic(), 0
        while self._runs:
            due += chance.expovariate(per_second)
            if (pause := due - time.monotonic()) > 0:
                await asyncio.sleep(pause)
            if len(self._under_way) >= MOST_UNDER_WAY:
                self.not_sent += 1
                continue
            task = asyncio.create_task(workload.step(client, due))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
            client += 1

    async def _work(self, workload: Workload, client: int, pause: float) -> None:
        due = time.monotonic() + pause * random.random()  # noqa: S311  # no secret
        while self._runs:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await workload.step(client, due)
            # who was held up does not catch up with a burst
            due = max(due + pause, time.monotonic())


@asynccontextmanager
async def under_load(begin: Callable[[Load], None], history: History) -> AsyncIterator[Load]:
    """Keep the load up while the block runs; wait for its last answers after."""
    load = Load()
    history.note("load begins")
    begin(load)
    try:
        yield load
    finally:
        await load.stop()
        history.note("load ends", not_sent=load.not_sent)


def spread_over(portals: Sequence[object], client: int) -> int:
    """Return which of the portals a client works in."""
    return client % len(portals)
