"""What an agent does to its database, without ceasing to report while that takes its time."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from failover.control.waking import Wake

PATIENCE_SECONDS = 0.2
"""Most deeds are done at once; closing a fence waits for open writers."""


class Deeds:
    """One deed at a time; its end rings."""

    def __init__(self, wake: Wake) -> None:
        self._wake = wake
        self._task: asyncio.Task[bool] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether one is under way."""
        return self._task is not None and not self._task.done()

    async def do(self, deed: Coroutine[Any, Any, bool]) -> bool:
        """Begin, and wait a little; tell whether it was done by then."""
        task = self._task = asyncio.create_task(deed)
        try:
            await asyncio.wait((task,), timeout=PATIENCE_SECONDS)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if task.done():
            return task.result()
        task.add_done_callback(self._end)
        return False

    def _end(self, task: asyncio.Task[bool]) -> None:
        if not task.cancelled():
            task.result()
        self._wake.ring()
