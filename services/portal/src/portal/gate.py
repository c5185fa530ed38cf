"""The gate in front of every request: which portal it is for, whether it is ours, whether it may pass.

A look-up in memory, no call. The owner is another datacentre: forward there. The portal is being moved, or
its database does not answer: hold, at most ten seconds in all, and try where the portal is then (``visit``).
The map is only advice; what keeps a stale node from writing is the fence in the database.
"""

from collections.abc import Callable

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kernel.errors import NotFoundError, PorticoError
from kernel.ids import PortalId
from portal.forward import AGAIN, Forwarder, Hop
from portal.kept import Kept
from portal.patience import Patience, WaitingRoom
from portal.rates import Rates
from portal.resources import Resources
from portal.unit import MEANWHILE
from portal.visit import UNAVAILABLE, GivenBackError, Visit
from routes import Route
from web import problems

OURS = ("/healthz", "/readyz", "/metrics")
INTERNAL = "/internal/"
OWNER = b"x-portico-owner"


class UnknownPortalError(NotFoundError):
    """No portal has this host name."""

    code = "unknown-portal"


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
        self._room = WaitingRoom()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, hold, forward or refuse."""
        if scope["type"] != "http" or scope["path"] in OURS or scope["path"].startswith(INTERNAL):
            await self._app(scope, receive, send)
            return
        request, resources = Request(scope, receive), self._resources()
        try:
            route = await _route_of(request, resources)
        except PorticoError as error:
            await problems.respond(request, error)(scope, receive, send)
            return
        send = naming_the_owner(send, resources, route.portal)
        try:
            await self._serve(request, resources, route, receive, send)
        except PorticoError as error:
            response = scope.get(MEANWHILE) or problems.respond(request, error)
            if isinstance(error, GivenBackError):
                response = problems.respond(request, error)
                response.headers[AGAIN] = "1"
            await response(scope, receive, send)

    async def _serve(
        self,
        request: Request,
        resources: Resources,
        route: Route,
        receive: Receive,
        send: Send,
    ) -> None:
        self._rates.admit(route.portal)
        limits, hop = resources.settings.limits, Hop.of(request)
        kept = Kept(receive, limits.json_body_bytes)
        seconds = limits.held_request_seconds - (hop.held_seconds if hop else 0.0)
        patience = Patience(self._room, resources.routes, kept, seconds)
        visit = Visit(request, resources, kept, patience, hop, send)
        await visit.until_answered(route, self._app, self._forwarder)


def naming_the_owner(send: Send, resources: Resources, portal: PortalId) -> Send:
    """Say in the answer who owns the portal; the door asks there next time, past a cut between us."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            owner = _owner(resources, portal, message["status"])
            # a forwarded answer names it already, and its sender knows better
            if owner is not None and all(name != OWNER for name, _ in headers):
                message = {**message, "headers": [*headers, (OWNER, owner.encode())]}
        await send(message)

    return sending


def _owner(resources: Resources, portal: PortalId, status: int) -> str | None:
    """Return whom to ask next time; who is cut off does not say that it is he: if he fails, his peer."""
    route, site = resources.routes.find_by_id(portal), resources.site
    if route is None or route.owner != site or not resources.routes.may_be_stale:
        return None if route is None else route.owner
    peers = [name for name in resources.settings.pair(route.pair).sites if name != site]
    return peers[0] if peers and status == UNAVAILABLE else None


async def _route_of(request: Request, resources: Resources) -> Route:
    host = request.headers.get("host", "").rsplit(":", 1)[0].lower()
    label = _label(host, resources.settings.base_domain)
    route = None
    if label is not None:
        route = resources.routes.find(label) or await resources.routes.resolve(label)
    if route is None:
        raise UnknownPortalError(host=host[:253])
    return route


def _label(host: str, base_domain: str) -> str | None:
    """Return the portal's label, or ``None`` if the host is not one level below the base domain."""
    label, dot, parent = host.partition(".")
    return label if dot and parent == base_domain else None
