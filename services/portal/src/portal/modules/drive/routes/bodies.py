"""The bytes a client sends, as they come."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from fastapi import Request
from starlette.requests import ClientDisconnect

from portal.modules.drive.errors import UploadInterruptedError

# A client that sends nothing for so long is gone; the balancer in front thinks so, too.
SILENCE_SECONDS = 60.0

BYTES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
    }
}


async def chunks_of(request: Request) -> AsyncIterator[bytes]:
    """Yield the body; one that stops half-way is an ``UploadInterruptedError``."""
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                chunk = await anext(stream, b"")
        except (ClientDisconnect, TimeoutError):
            raise UploadInterruptedError from None
        if not chunk:
            return
        yield chunk


def declared_size(request: Request) -> int | None:
    """Return ``Content-Length``; ``None`` if the body comes in chunks."""
    declared = request.headers.get("content-length")
    return int(declared) if declared else None
