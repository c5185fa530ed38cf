"""Guards what only our own services may call."""

import hmac
from collections.abc import Awaitable, Callable

from fastapi import Request

from kernel.errors import UnauthenticatedError


def guard(token: str) -> Callable[[Request], Awaitable[None]]:
    """Return a dependency that lets only bearers of the internal token pass."""
    expected = f"Bearer {token}".encode()

    async def check(request: Request) -> None:
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, expected):
            raise UnauthenticatedError

    return check
