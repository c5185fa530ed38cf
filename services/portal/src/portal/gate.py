"""The gate in front of every request: which portal it is for, whether it is ours, whether it may pass.

A look-up in memory, no call. The owner is another datacentre: forward there. The portal is being
switched: hold, at most ten seconds. The map is only advice; what keeps a stale node from writing is the
fence in the database. When the fence refuses, the gate waits for news of the route and runs the request
once more: its body was kept for that, up to the limit of a JSON body.
"""

import asyncio
from collections.abc import Callable

from prometheus_client import Counter, Gauge
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kernel import messages
from kernel.errors import ForbiddenError, NotFoundError, PorticoError, UnavailableError
from portal.context import SCOPE_KEY, RequestContext
from portal.forward import Forwarder
from portal.rates import Rates
from portal.resources import Resources
from portal.unit import STALE
from routes import Route
from web import problems

HELD = Gauge("portal_held_requests", "Requests that wait for a portal to finish switching.")
RETRIED = Counter("portal_stale_retries_total", "Requests run again after the fence refused them.")

OURS = ("/healthz", "/readyz", "/metrics")
INTERNAL = "/internal/"
MOST_HELD = 10_000
STALE_ATTEMPTS = 2


class UnknownPortalError(NotFoundError):
    """No portal has this host name."""

    code = "unknown-portal"


class PortalSuspendedError(ForbiddenError):
    """The operator closed the portal."""

    code = "portal-suspended"


class PortalSwitchingError(UnavailableError):
    """The portal did not open in time."""

    code = "portal-switching"


class Gate:
    """An ASGI layer around the application of the portals."""

    def __init__(
        self,
        app: ASGIApp,
        resources: Callable[[], Resources],
        forwarder: Forwarder,
        rates: Rates,
    ) -> None:
        self._app = app
        self._resources = resources
        self._forwarder = forwarder
        self._rates = rates
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, hold, forward or refuse."""
        if scope["type"] != "http" or scope["path"] in OURS or scope["path"].startswith(INTERNAL):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            await self._serve(request, receive, send)
        except PorticoError as error:
            await problems.respond(request, error)(scope, receive, send)

    async def _serve(self, request: Request, receive: Receive, send: Send) -> None:
        resources = self._resources()
        kept = _Kept(receive, resources.settings.limits.json_body_bytes)
        route = await self._open_route(request, resources)
        self._rates.admit(route.portal)
        for attempt in range(1, STALE_ATTEMPTS + 1):
            if route.owner != resources.site:
                await self._forwarder.forward(request.scope, kept.replay(), send, to=route.owner)
                return
            if not await self._run(request, route, kept, send, last=attempt == STALE_ATTEMPTS):
                return
            RETRIED.inc()
            route = await self._newer(resources, route)
            route = await self._opened(resources, route)

    async def _open_route(self, request: Request, resources: Resources) -> Route:
        host = request.headers.get("host", "").rsplit(":", 1)[0].lower()
        label = _label(host, resources.settings.base_domain)
        route = None
        if label is not None:
            route = resources.routes.find(label) or await resources.routes.resolve(label)
        if route is None:
            raise UnknownPortalError(host=host[:253])
        return await self._opened(resources, route)

    async def _opened(self, resources: Resources, route: Route) -> Route:
        """Wait until the portal is active; raise if it is suspended or takes too long."""
        while route.state == "draining":
            route = await self._newer(resources, route)
        if route.state == "suspended":
            raise PortalSuspendedError
        return route

    async def _newer(self, resources: Resources, route: Route) -> Route:
        if self._held >= MOST_HELD:
            raise PortalSwitchingError
        self._held += 1
        try:
            with HELD.track_inprogress():
                newer = await resources.routes.newer_than(
                    route.portal,
                    route.term,
                    route.epoch,
                    resources.settings.limits.held_request_seconds,
                )
        finally:
            self._held -= 1
        if newer is None:
            raise PortalSwitchingError
        return newer

    async def _run(
        self, request: Request, route: Route, kept: "_Kept", send: Send, *, last: bool
    ) -> bool:
        """Run the application; return whether its answer was swallowed, since the route was stale."""
        scope = {**request.scope, "state": dict(request.scope.get("state", {}))}
        locale = messages.negotiate(request.headers.get("accept-language"))
        scope[SCOPE_KEY] = RequestContext(route, self._resources(), locale)
        swallowed = False

        async def sending(message: Message) -> None:
            nonlocal swallowed
            repeatable = kept.whole and not last
            if message["type"] == "http.response.start" and scope.get(STALE) and repeatable:
                swallowed = True
            if not swallowed:
                await send(message)

        await self._app(scope, kept.replay(), sending)
        return swallowed


class _Kept:
    """A request body that can be read again, as long as it is small."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._room = limit
        self._messages: list[Message] = []
        self.whole = True

    def replay(self) -> Receive:
        """Return a fresh reader: first what was kept, then what still comes."""
        seen = iter(list(self._messages)) if self.whole else iter(())
        lock = asyncio.Lock()

        async def receive() -> Message:
            async with lock:
                for message in seen:
                    return message
                return await self._next()

        return receive

    async def _next(self) -> Message:
        message = await self._receive()
        if self.whole and message["type"] == "http.request":
            self._room -= len(message.get("body", b""))
            if self._room >= 0:
                self._messages.append(message)
            else:
                self.whole = False
                self._messages.clear()
        return message


def _label(host: str, base_domain: str) -> str | None:
    """Return the portal's label, or ``None`` if the host is not one level below the base domain."""
    label, dot, parent = host.partition(".")
    return label if dot and parent == base_domain else None
