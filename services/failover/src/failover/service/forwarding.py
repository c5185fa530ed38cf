"""Passes a request on to the site that can answer it."""

from http import HTTPStatus

import aiohttp
from fastapi import Request, Response

from failover.service.errors import SiteUnreachableError

SECONDS = 10.0
MOST_BYTES = 16_000_000
FORWARDED = "x-portico-forwarded"
"""Whoever gets this answers himself, or not at all."""


class Forwarder:
    """A client of the other sites' failover services."""

    def __init__(self, token: str) -> None:
        self._headers = {"Authorization": f"Bearer {token}", FORWARDED: "1"}

    async def send(self, request: Request, url: str) -> Response:
        """Ask ``url`` what we were asked, once; raises ``SiteUnreachableError``."""
        if FORWARDED in request.headers:
            raise SiteUnreachableError
        target = f"{url}{request.url.path}"
        headers = {**self._headers, "Content-Type": "application/json"}
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS)) as session,
                session.request(
                    request.method,
                    target,
                    params=list(request.query_params.multi_items()),
                    data=await request.body(),
                    headers=headers,
                    allow_redirects=False,
                ) as answer,
            ):
                content = await answer.content.read(MOST_BYTES)
                media_type = answer.content_type
                status = HTTPStatus(answer.status)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise SiteUnreachableError from error
        return Response(content, status, media_type=media_type)
