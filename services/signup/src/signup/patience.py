"""Bears with etcd while it elects a leader or waits for its disk, instead of sending people away."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from kernel.errors import UnavailableError

PATIENCE_SECONDS = 4.0  # until the last attempt; each takes two seconds at most
PAUSE_SECONDS = 0.2

T = TypeVar("T")


async def patiently(attempt: Callable[[], Awaitable[T]]) -> T:
    """Do what may be repeated until it is done; passes the ``UnavailableError`` of the last attempt on."""
    last_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return await attempt()
        except UnavailableError:
            if time.monotonic() + PAUSE_SECONDS > last_at:
                raise
        await asyncio.sleep(PAUSE_SECONDS)
