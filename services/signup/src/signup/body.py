"""Reads the body of a request: a JSON object of bounded size."""

import asyncio
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request

from kernel.errors import TooLargeError
from signup.errors import BodyMalformedError

SECONDS = 10.0


async def read(request: Request, *, limit: int) -> dict[str, Any]:
    """Return the object; raises ``TooLargeError`` before more than ``limit`` bytes are kept."""
    raw = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            async for piece in request.stream():
                raw += piece
                if len(raw) > limit:
                    raise TooLargeError(limit=limit)
        body = orjson.loads(raw)
    except (orjson.JSONDecodeError, ClientDisconnect, TimeoutError):
        raise BodyMalformedError from None
    if not isinstance(body, dict):
        raise BodyMalformedError
    return body
