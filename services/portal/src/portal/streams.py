"""Long request bodies, as they come."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import Request
from starlette.requests import ClientDisconnect

from kernel.errors import PorticoError

# A client that sends nothing for so long is gone; the balancer in front thinks so, too.
SILENCE_SECONDS = 60.0


async def chunks_of(request: Request, interrupted: type[PorticoError]) -> AsyncIterator[bytes]:
    """Yield the body; one that stops half-way raises ``interrupted``."""
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                chunk = await anext(stream, b"")
        except (ClientDisconnect, TimeoutError):
            raise interrupted from None
        if not chunk:
            return
        yield chunk
