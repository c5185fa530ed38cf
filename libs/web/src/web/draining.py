"""Tells those who hold endless answers open that the server wants to end.

uvicorn waits for open requests before it runs the application's own shutdown, so a stream that never
ends by itself would hold every restart for the whole time of grace.
"""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def on_termination(end: Callable[[], None]) -> Iterator[None]:
    """Call ``end`` in the event loop when SIGTERM arrives, beside the server's own handler."""
    loop = asyncio.get_running_loop()
    servers_own = signal.getsignal(signal.SIGTERM)

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(end)
        if callable(servers_own):
            servers_own(number, frame)

    signal.signal(signal.SIGTERM, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, servers_own)
