"""One request is one transaction, committed before the answer is sent.

A route class, because that is where FastAPI lets us stand between the finished answer and its sending:
the handler has returned, its answer is rendered, and only after the commit does the first byte leave.
(The usual ``yield`` dependency commits after the answer: a client would be told "done" about a write
that then fails. ``tests/test_unit.py`` holds the proof.)

With an ``Idempotency-Key`` the answer is stored in the same transaction, so a repeated request gets the
same answer and does nothing.
"""

from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, ClassVar, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.types import Message, Receive
from typing_extensions import override

from db.errors import (
    ContendedError,
    DatabaseUnavailableError,
    OutcomeUnknownError,
    StaleRouteError,
)
from db.sessions import WriteSession
from kernel.errors import PorticoError, TooLargeError, UnavailableError
from portal import idempotency, lean, openapi
from portal.context import Identify, RequestContext, of
from telemetry.logs import bound
from web import problems

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

T = TypeVar("T")

READS = frozenset({"GET", "HEAD"})
WRITES_BY_GET = "/rest/"  # its clients do; the door gives each of their requests a key
UNDONE = "portico.undone"  # in the scope: why the gate may try the request again
MEANWHILE = "portico.meanwhile"  # in the scope: what to answer if no try comes to an end
API = "/api/v1"
DEADLOCK_ATTEMPTS = 3
# what the gate may wait out
HELD = (StaleRouteError, DatabaseUnavailableError, OutcomeUnknownError)


class PortalMovingError(UnavailableError):
    """The fence refused for too long, or the request was too long to be kept; nothing was done."""

    code = StaleRouteError.code


class PublicRoute(APIRoute):
    """A route anybody may call: log in, confirm an address, accept an invitation."""

    one_transaction: ClassVar[bool] = True

    @override
    def get_route_handler(self) -> Handler:
        """Wrap FastAPI's handler, or the short one where that is enough."""
        handle = lean.handler_of(self) or super().get_route_handler()

        async def run(request: Request) -> Response:
            context = of(request)
            try:
                await self._admit(request, context)
                with bound(portal=context.route.portal):
                    return await self._answer(request, context, handle)
            except StaleRouteError:
                return _undone(request, context, PortalMovingError())
            except (DatabaseUnavailableError, OutcomeUnknownError) as error:
                return _undone(request, context, error)

        return run

    async def _admit(self, request: Request, context: RequestContext) -> None:
        """Nobody needs to be known here."""

    async def _answer(self, request: Request, context: RequestContext, handle: Handler) -> Response:
        if self.one_transaction and request.method in READS:
            async with context.reading() as context.session:
                return await handle(request)
        if self.one_transaction or self.body_field:  # else the body is bytes, of any length
            limit = context.resources.settings.limits.json_body_bytes
            request = limited(request, limit)
        if not self.one_transaction:
            return await handle(request)
        return await _written(request, context, handle)


class StreamingPublicRoute(PublicRoute):
    """A public route that opens its sessions itself."""

    one_transaction: ClassVar[bool] = False


class PrivateRoute(PublicRoute):
    """A route for people who are logged in."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        options["openapi_extra"] = {
            "security": [{"bearer": []}],
            **(options.get("openapi_extra") or {}),
        }
        super().__init__(*arguments, **options)

    @override
    async def _admit(self, request: Request, context: RequestContext) -> None:
        identify: Identify = request.app.state.identify
        context.identity = await identify(request, context)
        context.speak(request, context.user.locale)


class StreamingRoute(PrivateRoute):
    """A route that moves bytes for long and opens its short sessions itself."""

    one_transaction: ClassVar[bool] = False


def router(prefix: str, *tags: str, kind: type[PublicRoute] = PrivateRoute) -> APIRouter:
    """Return a router whose routes are each one transaction of somebody logged in (or of ``kind``)."""
    return APIRouter(
        prefix=f"{API}{prefix}", tags=list(tags), route_class=kind, responses=openapi.FAILURES
    )


def only_reads(request: Request) -> bool:
    """Tell whether the request changes nothing, by its method and path alone."""
    path: str = request.scope["path"]  # request.url would be built anew for each read
    return request.method in READS and not path.startswith(WRITES_BY_GET)


async def transaction(context: RequestContext, work: Callable[[WriteSession], Awaitable[T]]) -> T:
    """Run one fenced transaction; a deadlock victim was undone wholly and may run again."""
    for attempt in range(1, DEADLOCK_ATTEMPTS + 1):
        try:
            async with context.writing() as session:
                return await work(session)
        except ContendedError:
            if attempt == DEADLOCK_ATTEMPTS:
                raise
    raise AssertionError("unreachable")


async def _written(request: Request, context: RequestContext, handle: Handler) -> Response:
    await request.body()  # now: one who sends slowly must not hold a transaction meanwhile
    key = await idempotency.key_of(request, context.identity)

    async def work(session: WriteSession) -> Response:
        context.session = session
        return await idempotency.once(session, key, partial(handle, request))

    return await transaction(context, work)


def _undone(request: Request, context: RequestContext, error: PorticoError) -> Response:
    """Answer with the error, and tell the gate if a second run would do no harm."""
    is_known = not isinstance(error, OutcomeUnknownError) or error.is_named
    if is_known and not context.has_written:
        request.scope[UNDONE] = error
    answer: Response | None = request.scope.get(MEANWHILE)
    return answer or problems.respond(request, error)


def limited(request: Request, limit: int) -> Request:
    """Return the request with a body that may not grow past ``limit`` bytes."""
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        raise TooLargeError(limit=limit)
    return Request(request.scope, _counted(request.receive, limit))


def _counted(receive: Receive, limit: int) -> Receive:
    seen = 0

    async def receive_counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise TooLargeError(limit=limit)
        return message

    return receive_counted
