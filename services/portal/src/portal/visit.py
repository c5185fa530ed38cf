"""One request at the gate: tried where its portal is, until it is answered or its patience is at an end.

It is tried again only if that is harmless: nothing of it was done, or it only reads, or it carries an
``Idempotency-Key``, by which a second run finds what the first has done. Its body is kept for that, up to
the limit of a JSON body.
"""

from dataclasses import dataclass

from prometheus_client import Counter
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Send

from db.errors import DatabaseUnavailableError, OutcomeUnknownError
from kernel import messages
from kernel.errors import ForbiddenError, PorticoError, UnavailableError
from portal import idempotency
from portal.context import SCOPE_KEY, RequestContext
from portal.forward import Forwarder, Hop, OwnerSilentError, OwnerUnreachableError
from portal.kept import Kept
from portal.patience import Patience
from portal.resources import Resources
from portal.unit import MEANWHILE, UNDONE, only_reads
from routes import DRAINING, SUSPENDED, Route

REPEATED = Counter("portal_repeated_requests_total", "Requests tried again after they were held.")

# of an owner that lost the portal: long enough to find that its database hangs, and to give back what
# is not done; a request that does no harm twice need not wait for that
PARTING_SECONDS, HARMLESS_PARTING_SECONDS = 4.0, 1.0
UNAVAILABLE = 503
# so long without the word of a routing service is no election of etcd: we are cut off, not the others
CUT_OFF_SECONDS = 5.0
DOOR_KEEPS_BYTES = 57_344  # of a body, to send it to another datacentre (deploy/haproxy/door.cfg)
POSSIBLY_STALE = (b"x-portico-possibly-stale", b"1")


class PortalSuspendedError(ForbiddenError):
    """The operator closed the portal."""

    code = "portal-suspended"


class GivenBackError(UnavailableError):
    """Nothing came of the request here, perhaps elsewhere; whoever sent it here tries again."""

    code = "given-back"


class OwnerNotAgreedError(GivenBackError):
    """Another datacentre sent the request here, and it is not ours; whoever sent it tries again."""

    code = "owner-not-agreed"


@dataclass(frozen=True, slots=True)
class Visit:
    """One request, what is kept of it, and how long it may wait. ``hop``: it was forwarded to us."""

    request: Request
    resources: Resources
    kept: Kept
    patience: Patience
    hop: Hop | None
    send: Send

    async def until_answered(self, route: Route, app: ASGIApp, forwarder: Forwarder) -> None:
        """Hold, serve or forward, as the route says at the moment."""
        doubt: OutcomeUnknownError | None = None
        while True:
            try:
                route = await self._opened(route)
                failure = await self._try(route, app, forwarder, doubt)
                if failure is None:
                    return
                if self.patience.left_seconds <= 0:
                    raise failure
                if isinstance(failure, OutcomeUnknownError):
                    doubt = failure
                if doubt is None and self._may_be_served_elsewhere(route):
                    raise GivenBackError from failure
                route = await self.patience.a_moment(route)
            except PorticoError as error:
                # once it is unknown whether something was done, no failure says that nothing was
                if doubt is None or error is doubt:
                    raise
                raise doubt from error
            REPEATED.inc()

    def _may_be_served_elsewhere(self, route: Route) -> bool:
        """Tell whether the door had better ask another datacentre: we seem to be cut off.

        The door can do so only with a body that it still has.
        """
        has_peer = len(self.resources.settings.pair(route.pair).sites) > 1
        is_cut_off = has_peer and self.resources.routes.untaken_seconds >= CUT_OFF_SECONDS
        is_here = self.kept.whole and self.kept.size <= DOOR_KEEPS_BYTES
        return is_cut_off and is_here and self.hop is None

    async def _opened(self, route: Route) -> Route:
        """Wait until nobody moves the portal."""
        if route.state == DRAINING:
            route = await self.patience.until_open(route)
        if route.state == SUSPENDED:
            raise PortalSuspendedError
        return route

    async def _try(
        self, route: Route, app: ASGIApp, forwarder: Forwarder, doubt: OutcomeUnknownError | None
    ) -> PorticoError | None:
        """Return why to try again, if so; ``doubt``: an earlier try may have done what was asked."""
        if route.owner == self.resources.site:
            if not self.resources.databases[route.pair].answers:
                return DatabaseUnavailableError(reason="silent")
            return await self._run(route, app, doubt)
        if self.hop is None:
            return await self._forward(route, forwarder)
        if route.is_newer_than(self.hop.term, self.hop.epoch):
            raise OwnerNotAgreedError  # who sent it here is about to learn that
        return OwnerNotAgreedError()

    async def _run(
        self, route: Route, app: ASGIApp, doubt: OutcomeUnknownError | None
    ) -> PorticoError | None:
        """Run the application; its answer is kept back if another try is better."""
        request, routes = self.request, self.resources.routes
        scope = {**request.scope, "state": dict(request.scope.get("state", {}))}
        locale = messages.negotiate(request.headers.get("accept-language"))
        scope[SCOPE_KEY] = RequestContext(route, self.resources, locale)
        failure: PorticoError | None = None

        async def sending(message: Message) -> None:
            nonlocal failure
            if message["type"] == "http.response.start":
                failure = scope.get(UNDONE) if self.kept.whole else None
                if message["status"] == UNAVAILABLE and doubt is not None:
                    failure = doubt  # say, the first run's locks are held: still not known
                if only_reads(request) and routes.may_be_stale:
                    message = {**message, "headers": [*message["headers"], POSSIBLY_STALE]}
            if failure is None:
                await self.send(message)

        await app(scope, self.kept.replay(), sending)
        if MEANWHILE in scope:
            request.scope[MEANWHILE] = scope[MEANWHILE]
        return failure

    async def _forward(self, route: Route, forwarder: Forwarder) -> PorticoError | None:
        """Pass the request on; one that nobody heard, or that does no harm twice, may go again."""
        hop = Hop(route.term, route.epoch, self.patience.spent_seconds)
        self.patience.begin()
        try:
            await forwarder.forward(
                self.request.scope,
                self.kept.replay(),
                self.send,
                route=route,
                hop=hop,
                routes=self.resources.routes,
                parting_seconds=HARMLESS_PARTING_SECONDS if self._is_harmless else PARTING_SECONDS,
            )
        except OwnerUnreachableError as error:
            return self._unless_gone(error)
        except OwnerSilentError as error:
            if not self._is_harmless:
                raise OutcomeUnknownError from error
            if only_reads(self.request):
                return self._unless_gone(OwnerUnreachableError(owner=route.owner))
            return self._unless_gone(OutcomeUnknownError())
        return None

    def _unless_gone(self, error: PorticoError) -> PorticoError:
        """Raise the error if the body has been sent and was too long to be kept."""
        if not self.kept.whole:
            raise error
        return error

    @property
    def _is_harmless(self) -> bool:
        return only_reads(self.request) or idempotency.HEADER in self.request.headers
