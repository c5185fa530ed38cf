"""HTTP for event handlers: for administrators.

Making and changing one open their transactions themselves: the address is resolved before, and a token is
kept with no answer of a repeated ``Idempotency-Key``.
"""

from typing import Annotated

from fastapi import Path, status

from db.sessions import WriteSession
from portal.context import AdminContext
from portal.modules.webhooks.contracts import HandlerId
from portal.modules.webhooks.domain.handlers import Handler, MadeHandler, checked_url
from portal.modules.webhooks.errors import HandlerNotFoundError
from portal.modules.webhooks.schemas.handlers import (
    DeadLetterOut,
    EventOut,
    HandlerChangeIn,
    HandlerDetailOut,
    HandlerIn,
    HandlerMadeOut,
    HandlerOut,
    RedeliveryIn,
    RedeliveryOut,
)
from portal.modules.webhooks.schemas.inbound import RowId
from portal.modules.webhooks.wiring import events as wiring
from portal.modules.webhooks.wiring.told import EVENTS
from portal.paging import Page, Paging, cursor, cut
from portal.unit import StreamingRoute, transaction
from portal.unit import router as make_router

router = make_router("/event-handlers", "webhooks")
own_router = make_router("/event-handlers", "webhooks", kind=StreamingRoute)
events_router = make_router("/events", "webhooks")

HandlerPath = Annotated[RowId, Path(alias="id")]


@events_router.get("", summary="List the events that handlers can be told of")
async def list_events(context: AdminContext) -> Page[EventOut]:
    return Page(items=[EventOut(name=e.name, scope=e.scope) for e in EVENTS], next=None)


@own_router.post(
    "",
    summary="Make an event handler; its token is shown once",
    status_code=status.HTTP_201_CREATED,
)
async def make_handler(body: HandlerIn, context: AdminContext) -> HandlerMadeOut:
    await context.resources.outward.require_allowed(checked_url(body.url))

    async def make(session: WriteSession) -> MadeHandler:
        return await wiring.handler_service(session, context).make(body.to_domain())

    return HandlerMadeOut.made(await transaction(context, make))


@router.get("", summary="List event handlers")
async def list_handlers(context: AdminContext, page: Paging) -> Page[HandlerOut]:
    after = page.after_id("event_handlers")
    found = await wiring.handlers(context.reader).all(after=after, limit=page.limit + 1)
    handlers, more = cut(found, page.limit)
    return Page(
        items=[HandlerOut.of(h) for h in handlers],
        next=cursor("event_handlers", handlers[-1].id) if more else None,
    )


@router.get("/{id}", summary="Show an event handler and what is on its way to it")
async def get_handler(handler_id: HandlerPath, context: AdminContext) -> HandlerDetailOut:
    handler = await _get(context, handler_id)
    waiting, dead = await wiring.deliveries(context.reader, handler.id).counts()
    return HandlerDetailOut.counted(handler, waiting, dead)


@own_router.patch("/{id}", summary="Change an event handler, switch it on or off")
async def change_handler(
    handler_id: HandlerPath, body: HandlerChangeIn, context: AdminContext
) -> HandlerOut:
    if body.url is not None:
        await context.resources.outward.require_allowed(checked_url(body.url))

    async def change(session: WriteSession) -> Handler:
        service = wiring.handler_service(session, context)
        return await service.change(HandlerId(handler_id), body.to_domain())

    return HandlerOut.of(await transaction(context, change))


@router.delete(
    "/{id}",
    summary="Remove an event handler and what is on its way to it",
    status_code=status.HTTP_204_NO_CONTENT,
)
async def delete_handler(handler_id: HandlerPath, context: AdminContext) -> None:
    await wiring.handler_service(context.writer, context).delete(HandlerId(handler_id))


@router.get("/{id}/dead-letters", summary="List the events that are not tried any more")
async def list_dead_letters(
    handler_id: HandlerPath, context: AdminContext, page: Paging
) -> Page[DeadLetterOut]:
    handler = await _get(context, handler_id)
    found = await wiring.deliveries(context.reader, handler.id).dead_letters(
        after=page.after_id("dead_letters"), limit=page.limit + 1
    )
    items = [DeadLetterOut.of(letter) for letter in found[: page.limit]]
    more = len(found) > page.limit
    return Page(items=items, next=cursor("dead_letters", items[-1].id) if more else None)


@router.post(
    "/{id}/redeliveries",
    summary="Try dead letters again",
    status_code=status.HTTP_202_ACCEPTED,
)
async def redeliver(
    handler_id: HandlerPath, body: RedeliveryIn, context: AdminContext
) -> RedeliveryOut:
    service = wiring.handler_service(context.writer, context)
    count = await service.redeliver(HandlerId(handler_id), body.dead_letters)
    return RedeliveryOut(dead_letters=count)


async def _get(context: AdminContext, handler_id: int) -> Handler:
    handler = await wiring.handlers(context.reader).find(HandlerId(handler_id))
    if handler is None:
        raise HandlerNotFoundError(id=handler_id)
    return handler
