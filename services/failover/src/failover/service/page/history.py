"""A quarter of an hour of what the plots show: per datacentre, over all pairs, so it does not grow."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from failover.service.wiring import keep_running

PERIOD_SECONDS = 5.0
SAMPLES = 180

Json = Mapping[str, Any]
Read = Callable[[], Awaitable[Json]]


class History:
    """The last samples, oldest first."""

    def __init__(self) -> None:
        self._samples: deque[Json] = deque(maxlen=SAMPLES)

    def to_json(self) -> Json:
        """Return the body of ``GET /v1/history``."""
        return {"period_seconds": PERIOD_SECONDS, "samples": list(self._samples)}

    def note(self, status: Json) -> None:
        """Add what the status says now."""
        self._samples.append(sample(status))

    @asynccontextmanager
    async def kept(self, read: Read) -> AsyncIterator[None]:
        """Add a sample every few seconds for as long as the context is open."""
        task = asyncio.create_task(keep_running("history", lambda: self._note_on(read)))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait((task,))

    async def _note_on(self, read: Read) -> None:
        while True:
            self.note(await read())
            await asyncio.sleep(PERIOD_SECONDS)


def sample(status: Json) -> Json:
    """Return one point of each plot: the worst lag, and how much each datacentre serves."""
    names = sorted({name for pair in status["pairs"] for name in pair["sites"]})
    return {"at": status["wall"], "sites": {name: _site(status["pairs"], name) for name in names}}


def _site(pairs: Iterable[Json], name: str) -> Json:
    here = [pair for pair in pairs if name in pair["sites"]]
    databases = [pair["sites"][name]["database"] for pair in here]
    lags = [database["lag_seconds"] for database in databases if database is not None]
    portals = [pair["sites"][name]["portals"] for pair in here]
    known = [number for number in portals if number is not None]
    return {
        "lag_ms": round(max(lags) * 1000, 1) if lags else None,
        "portals": sum(known) if known else None,
    }
