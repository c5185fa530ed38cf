"""Waiting in tests, never for ever."""

import asyncio
import time
from collections.abc import Callable


async def until(is_so: Callable[[], object], seconds: float = 30.0) -> None:
    """Look again until it is so; fail when the time is up."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not so after {seconds} s"
        await asyncio.sleep(0.005)
