"""The one route of the compatible surface: reads the request, finds out who calls, calls.

``portal.unit`` stands around it as around every route, so what it says of fences, of requests that are
held and of those that are tried again holds here, too.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response
from typing_extensions import override

from db.sessions import WriteSession
from kernel.errors import PorticoError
from portal import idempotency, unit
from portal.context import Identity, RequestContext
from portal.rest import batch, core, document, envelope, failures, wire
from portal.rest.address import Address
from portal.rest.desk import Desk
from portal.rest.envelope import Clock
from portal.rest.limits import Allowance, Guest, Limits
from portal.rest.method import Caller, CallError, Method, Parameters
from portal.rest.registry import Registry
from portal.unit import Handler, StreamingPublicRoute
from web import client

PREFIX = failures.PREFIX
NOT_A_SESSION = 0
Identify = Callable[[RequestContext, int, str], Awaitable[Caller | None]]
AllowanceOf = Callable[[RequestContext], Awaitable[Allowance]]


@dataclass(frozen=True, slots=True)
class Surface:
    """What the composition root gives: all methods, and what modules know of callers and plans."""

    methods: Registry
    identify: Identify
    allowance_of: AllowanceOf
    limits: Limits = field(default_factory=Limits)


class RestRoute(StreamingPublicRoute):
    """Answers in the compatible shape, past FastAPI's machinery: it could not read these requests."""

    @override
    async def _answer(self, request: Request, context: RequestContext, handle: Handler) -> Response:
        limit = context.resources.settings.limits.json_body_bytes
        try:
            return await answer(unit.limited(request, limit), context)
        except CallError as error:
            return envelope.failure(error)


router = APIRouter(route_class=RestRoute, include_in_schema=False)


@router.api_route(f"{PREFIX}{{rest:path}}", methods=["GET", "POST"])
async def call(rest: str) -> None:
    """Stand for ``answer``, which the route class calls instead."""


async def answer(request: Request, context: RequestContext) -> Response:
    """Answer one request; raise ``CallError`` for what is told the caller."""
    surface: Surface = request.app.state.rest
    clock, address = Clock(), Address.of(request.scope["path"].removeprefix(PREFIX))
    body = await request.body()  # now: one who sends slowly must not hold a transaction meanwhile
    caller = await _caller(context, surface, address)
    allowance = await surface.allowance_of(context)
    guest, cache = _guest(request, context, caller), context.resources.cache
    if caller is None:  # counted before anything is done for him
        await surface.limits.admit(cache, guest, allowance)
        return _turned_away(request, surface, address, _read(request, body))
    parameters = _read(request, body)
    names = _names(address, parameters) & surface.methods.keys()
    spent = await surface.limits.admit(cache, guest, allowance, names)
    context.identity = Identity(caller.user_id, caller.role, NOT_A_SESSION, caller.locale)
    context.speak(request, caller.locale)
    desk = Desk(context, caller, surface.methods, request.app.state.messages, allowance, spent)
    try:
        return await _Errand(request, desk, parameters, clock, body).run(address)
    finally:
        surface.limits.note(cache, guest, allowance, desk.worked)


def _read(request: Request, body: bytes) -> Parameters:
    kind = request.headers.get("content-type", "")
    return Parameters(wire.parameters(request.scope["query_string"], kind, body))


async def _caller(context: RequestContext, surface: Surface, address: Address) -> Caller | None:
    """Return by whose leave the request comes. An application's token will be found out here."""
    if address.user_id is None:
        return None
    return await surface.identify(context, address.user_id, address.code)


def _turned_away(
    request: Request, surface: Surface, address: Address, parameters: Parameters
) -> Response:
    """Tell somebody we do not know why, or what there is, if that is what he asks."""
    if document.is_asked_for(request, address, parameters):
        return document.answer(request, surface.methods)
    if address.code:
        raise CallError(401, "INVALID_CREDENTIALS", "Invalid request credentials")
    has_token = parameters.get("auth") or parameters.get("access_token")
    if has_token or "authorization" in request.headers:
        raise CallError(401, "invalid_token", "Unable to get application by token")
    raise CallError(401, "NO_AUTH_FOUND", "Wrong authorization data")


def _guest(request: Request, context: RequestContext, caller: Caller | None) -> Guest:
    trusted = {site.address for site in context.resources.settings.sites}
    leave = "" if caller is None else f"{caller.kind}/{caller.webhook_id}"
    return Guest(context.route.portal, client.address(request, trusted), leave)


def _names(address: Address, parameters: Parameters) -> set[str]:
    """Return the methods that the request will call."""
    if address.method != core.BATCH:
        return {address.method}
    return batch.methods_of(batch.commands_of(parameters))


@dataclass(frozen=True, slots=True)
class _Errand:
    """One request whose caller is known."""

    request: Request
    desk: Desk
    parameters: Parameters
    clock: Clock
    body: bytes

    async def run(self, address: Address) -> Response:
        method, context = self.desk.method(address.method), self.desk.context
        if address.method == core.BATCH:
            return await self._batch()
        if not method.writes:
            async with context.reading() as context.session:
                return await self._alone(method)

        async def work(session: WriteSession) -> Response:
            context.session = session
            return await idempotency.once(session, self._key(), partial(self._alone, method))

        return await unit.transaction(context, work)

    async def _batch(self) -> Response:
        """Run it to its end. If that is not reached, what was done is told when the gate gives up, too.

        Of a 5xx the client would think that nothing was, and do it again under another key.
        """
        progress = batch.Progress()
        try:
            await batch.run(self.desk, self.parameters, self._key(), progress)
        except Exception as error:
            if not progress.has_written:
                raise
            progress.give_up(self.parameters, self._told(error))
            self.request.scope[unit.MEANWHILE] = self._batched(progress)
            if isinstance(error, PorticoError) and not isinstance(error, unit.HELD):
                return self._batched(progress)
            raise  # the gate tries again; a defect is logged
        return self._batched(progress)

    def _told(self, error: Exception) -> CallError:
        if not isinstance(error, PorticoError):
            return failures.OF_STATUS[500]
        return failures.of_request(error, self.desk.catalogue, self.desk.context.locale)

    def _batched(self, progress: batch.Progress) -> Response:
        spent = self.desk.spent_on(core.BATCH)
        time = self.clock.time(sum(self.desk.worked.values()), spent)
        return envelope.success({"result": progress.body(), "time": time})

    async def _alone(self, method: Method) -> Response:
        return envelope.success(await self.desk.run(method, self.parameters))

    def _key(self) -> idempotency.Key | None:
        content = self.request.scope["query_string"] + b"\0" + self.body
        identity = self.desk.context.identity
        return idempotency.key_of_stream(self.request, identity, described_by=content)
