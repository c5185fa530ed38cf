"""The bytes a client sends, as they come."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi import Request

from portal import streams
from portal.modules.drive.errors import UploadInterruptedError

BYTES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def chunks_of(request: Request) -> AsyncIterator[bytes]:
    """Yield the body; one that stops half-way is an ``UploadInterruptedError``."""
    return streams.chunks_of(request, UploadInterruptedError)


def declared_size(request: Request) -> int | None:
    """Return ``Content-Length``; ``None`` if the body comes in chunks."""
    declared = request.headers.get("content-length")
    return int(declared) if declared else None
