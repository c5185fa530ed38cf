"""Forwards a request to the datacentre that owns the portal, streaming both ways, once.

Two datacentres may disagree for a moment about who owns a portal; a request that was forwarded already
is never forwarded again, so they cannot play ball with it.
"""

import contextlib
import logging
from collections.abc import AsyncIterator

import httpx
from prometheus_client import Counter
from starlette.types import Receive, Scope, Send

from kernel.errors import UnavailableError
from kernel.settings import Settings

_log = logging.getLogger(__name__)
FORWARDED = Counter(
    "portal_forwarded_requests_total", "Requests passed to another datacentre.", ("to",)
)

HOPS = b"x-portico-hops"
# RFC 9110 §7.6.1: these belong to one connection, not to the message
CONNECTION_HEADERS = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
LIMITS = httpx.Limits(max_connections=512, max_keepalive_connections=128, keepalive_expiry=30)
# read: the longest a handler may take to begin its answer, or to go on with it
TIMEOUT = httpx.Timeout(connect=1.0, pool=2.0, write=60.0, read=120.0)


class OwnerUnreachableError(UnavailableError):
    """The datacentre that owns the portal does not answer."""

    code = "owner-unreachable"


class ForwardedTwiceError(UnavailableError):
    """The datacentres do not agree yet who owns the portal."""

    code = "owner-not-agreed"


class Forwarder:
    """Connections to the balancers of the other datacentres."""

    def __init__(self, settings: Settings, site: str) -> None:
        self._targets = {s.name: settings.balancer_url(s.name) for s in settings.datacentres}
        # a failed connect was never heard by anybody: trying it again is always safe
        transport = httpx.AsyncHTTPTransport(
            retries=1,
            limits=LIMITS,
            # by this address the other datacentre knows us, and believes what we say of the client
            local_address=settings.site(site).address,
        )
        self._client = httpx.AsyncClient(transport=transport, timeout=TIMEOUT)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def forward(self, scope: Scope, receive: Receive, send: Send, *, to: str) -> None:
        """Pass the request on and its answer back."""
        if any(name == HOPS for name, _ in scope["headers"]):
            raise ForwardedTwiceError
        FORWARDED.labels(to).inc()
        request = self._client.build_request(
            scope["method"],
            self._targets[to] + _target(scope),
            headers=[*_passed_on(scope["headers"]), (HOPS, b"1")],
            content=_body(receive) if _has_body(scope) else None,
        )
        try:
            response = await self._client.send(request, stream=True)
        except httpx.TransportError as error:
            _log.warning("forwarding failed", extra={"to": to, "error": type(error).__name__})
            raise OwnerUnreachableError(owner=to) from error
        async with contextlib.aclosing(response):
            await _relay(response, send)


async def _relay(response: httpx.Response, send: Send) -> None:
    headers = _passed_on([(n.lower(), v) for n, v in response.headers.raw])
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    async for chunk in response.aiter_raw():
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise httpx.WriteError("the client went away")
        yield message.get("body", b"")
        more = message.get("more_body", False)


def _has_body(scope: Scope) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])


def _passed_on(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(n, v) for n, v in headers if n not in CONNECTION_HEADERS]


def _target(scope: Scope) -> str:
    path: str = scope["raw_path"].decode("ascii")
    query: str = scope["query_string"].decode("ascii")
    return f"{path}?{query}" if query else path
