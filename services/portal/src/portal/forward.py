"""Forwards a request to the datacentre that owns the portal, streaming both ways, once.

Two datacentres may disagree for a moment about who owns a portal; a request that was forwarded already
is never forwarded again, so they cannot play ball with it. It says by which route it was sent: if the
receiver knows a newer one it gives the request back (``AGAIN``), else it waits until it knows that one.

aiohttp, not httpx: it reads the answer while it still sends the body, so an upload that is refused at its
first byte is not sent to its last (ADR 0017).
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import AsyncIterablePayload
from multidict import CIMultiDict
from prometheus_client import Counter
from starlette.requests import Request
from starlette.types import Receive, Scope, Send
from typing_extensions import override
from yarl import URL

from kernel.errors import UnavailableError
from kernel.settings import Settings
from routes import Route, RouteMap

_log = logging.getLogger(__name__)
FORWARDED = Counter(
    "portal_forwarded_requests_total", "Requests passed to another datacentre.", ("to",)
)

HOP = "x-portico-hop"
AGAIN = "x-portico-again"  # of an answer: the request may be sent again, it came to nothing here
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
CONNECTIONS = 512
CONNECT_ATTEMPTS = 2
UNREACHABLE_SECONDS = 0.25  # for so long nobody else finds out for himself
PIECE_BYTES = 256 * 1024
# sock_read: the longest a handler may take to begin its answer, or to go on with it
LONGEST_SECONDS = 120.0
TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=1.0, sock_read=LONGEST_SECONDS)
# what aiohttp would add of its own; the client said what it wanted
NOTHING_ADDED = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class OwnerUnreachableError(UnavailableError):
    """The datacentre that owns the portal does not answer. It certainly did nothing."""

    code = "owner-unreachable"


class OwnerSilentError(Exception):
    """The request was sent and not answered: whether anything was done is not known."""


@dataclass(frozen=True, slots=True)
class Hop:
    """By which route a request was forwarded, and how long it had been held until then."""

    term: int
    epoch: int
    held_seconds: float

    @classmethod
    def of(cls, request: Request) -> Self | None:
        """Read the header; ``None`` if the request comes from a client."""
        text = request.headers.get(HOP)
        if text is None:
            return None
        try:
            term, epoch, held_seconds = text.split("/")
            return cls(int(term), int(epoch), max(0.0, float(held_seconds)))
        except ValueError:
            return cls(0, 0, 0.0)  # forwarded all the same

    def header(self) -> str:
        """Write the header."""
        return f"{self.term}/{self.epoch}/{self.held_seconds:.3f}"


Parting = Callable[[asyncio.Timeout], contextlib.AbstractAsyncContextManager[None]]


class Forwarder:
    """Connections to the balancers of the other datacentres."""

    def __init__(self, settings: Settings, site: str) -> None:
        self._targets = {s.name: settings.balancer_url(s.name) for s in settings.datacentres}
        self._address = settings.site(site).address
        self._opened: aiohttp.ClientSession | None = None
        self._unreachable_until: dict[str, float] = {}

    async def close(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            await self._opened.close()

    async def forward(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        route: Route,
        hop: Hop,
        routes: RouteMap,
        parting_seconds: float,
    ) -> None:
        """Pass the request on and its answer back.

        An owner that loses the portal has ``parting_seconds`` to answer what it was sent before.
        Raises ``OwnerUnreachableError`` if nobody heard it, ``OwnerSilentError`` if nobody answered.
        """
        FORWARDED.labels(route.owner).inc()
        parting = partial(_parting, route=route, routes=routes, seconds=parting_seconds)
        answer = await self._answer(scope, receive, route.owner, hop, parting)
        try:
            if AGAIN in answer.headers:
                raise OwnerUnreachableError(owner=route.owner)
            await _relay(answer, send)
        finally:
            if answer.content.at_eof():
                answer.release()
            else:
                answer.close()  # whoever still sends the body stops, too

    async def _answer(
        self, scope: Scope, receive: Receive, to: str, hop: Hop, parting: Parting
    ) -> aiohttp.ClientResponse:
        if self._unreachable_until.get(to, 0.0) > time.monotonic():
            raise OwnerUnreachableError(owner=to)
        try:
            async with asyncio.timeout(None) as patience, parting(patience):
                return await self._sent(scope, receive, to, hop)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            self._unreachable_until[to] = time.monotonic() + UNREACHABLE_SECONDS
            raise OwnerUnreachableError(owner=to) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            _log.warning("forwarding failed", extra={"to": to, "error": type(error).__name__})
            raise OwnerSilentError from error

    async def _sent(
        self, scope: Scope, receive: Receive, to: str, hop: Hop
    ) -> aiohttp.ClientResponse:
        headers = _readable(_passed_on(scope["headers"]))
        headers[HOP] = hop.header()
        url = URL(self._targets[to] + _target(scope), encoded=True)
        for attempt in range(1, CONNECT_ATTEMPTS + 1):
            try:
                return await self._session().request(
                    scope["method"],
                    url,
                    headers=headers,
                    data=_Streamed(_body(receive)) if _has_body(scope) else None,
                    allow_redirects=False,
                    skip_auto_headers=NOTHING_ADDED,
                )
            except aiohttp.ClientConnectorError:
                # a failed connect was never heard by anybody: trying it again is always safe
                if attempt == CONNECT_ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    def _session(self) -> aiohttp.ClientSession:
        """Open at the first request, in the loop that will use it."""
        if self._opened is None:
            # by this address the other datacentre knows us, and believes what we say of the client
            connector = aiohttp.TCPConnector(limit=CONNECTIONS, local_addr=(self._address, 0))
            self._opened = aiohttp.ClientSession(
                connector=connector,
                timeout=TIMEOUT,
                auto_decompress=False,
                read_bufsize=PIECE_BYTES,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._opened


@contextlib.asynccontextmanager
async def _parting(
    patience: asyncio.Timeout, route: Route, routes: RouteMap, seconds: float
) -> AsyncIterator[None]:
    """End the patience so many seconds after the portal has gone elsewhere: its old owner may be frozen."""

    async def watch() -> None:
        if await routes.opened(route.portal, LONGEST_SECONDS, stale=route) is not None:
            patience.reschedule(asyncio.get_running_loop().time() + seconds)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()


class _Streamed(AsyncIterablePayload):
    """A body whose headers go ahead of it: the owner may refuse by them alone."""

    @override
    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        writer.send_headers()
        await super().write_with_length(writer, content_length)


async def _relay(answer: aiohttp.ClientResponse, send: Send) -> None:
    headers = _passed_on([(n.lower(), v) for n, v in answer.raw_headers])
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    async for piece in answer.content.iter_any():
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise aiohttp.ClientPayloadError("the client went away")
        yield message.get("body", b"")
        more = message.get("more_body", False)


def _readable(headers: Sequence[tuple[bytes, bytes]]) -> CIMultiDict[str]:
    return CIMultiDict((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)


def _has_body(scope: Scope) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])


def _passed_on(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(n, v) for n, v in headers if n not in CONNECTION_HEADERS]


def _target(scope: Scope) -> str:
    path: str = scope["raw_path"].decode("ascii")
    query: str = scope["query_string"].decode("ascii")
    return f"{path}?{query}" if query else path
