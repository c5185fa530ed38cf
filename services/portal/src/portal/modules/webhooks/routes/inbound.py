"""HTTP for webhooks.

Making one opens its transaction itself: the usual way keeps the answer for a repeated ``Idempotency-Key``,
and the code would be kept with it. A repeated request makes a second webhook, whose code the first answer
did not show: it does no harm.
"""

from functools import partial
from typing import Annotated

from fastapi import Path, status

from db.sessions import WriteSession
from portal.context import Context, RequestContext
from portal.modules.company.contracts import UserId
from portal.modules.webhooks import wiring
from portal.modules.webhooks.contracts import WebhookId
from portal.modules.webhooks.domain.inbound import Made
from portal.modules.webhooks.errors import WebhookNotFoundError
from portal.modules.webhooks.schemas.inbound import (
    RowId,
    WebhookChangeIn,
    WebhookIn,
    WebhookMadeOut,
    WebhookOut,
)
from portal.modules.webhooks.wiring import identity
from portal.paging import Page, Paging, cursor, cut
from portal.unit import StreamingRoute, transaction
from portal.unit import router as make_router

router = make_router("/webhooks", "webhooks")
making_router = make_router("/webhooks", "webhooks", kind=StreamingRoute)

WebhookPath = Annotated[RowId, Path(alias="id")]


@making_router.post(
    "", summary="Make a webhook; its code is shown once", status_code=status.HTTP_201_CREATED
)
async def make_webhook(body: WebhookIn, context: Context) -> WebhookMadeOut:
    user = UserId(context.user.user_id if body.user_id is None else body.user_id)
    made = await transaction(context, partial(_make, context, user, body))
    return WebhookMadeOut.made(made, context.resources.settings, context.route.host)


@router.get("", summary="List webhooks: all for an administrator, else your own")
async def list_webhooks(context: Context, page: Paging) -> Page[WebhookOut]:
    asker = wiring.asker_of(context)
    found = await wiring.webhooks(context.reader).all(
        user=None if asker.is_administrator else asker.user,
        after=page.after_id("webhooks"),
        limit=page.limit + 1,
    )
    webhooks, more = cut(found, page.limit)
    return Page(
        items=[WebhookOut.of(w) for w in webhooks],
        next=cursor("webhooks", webhooks[-1].id) if more else None,
    )


@router.get("/{id}", summary="Show a webhook, revoked or not")
async def get_webhook(webhook_id: WebhookPath, context: Context) -> WebhookOut:
    webhook = await wiring.webhooks(context.reader).find(WebhookId(webhook_id))
    if webhook is None or not wiring.asker_of(context).may_manage(webhook.user_id):
        raise WebhookNotFoundError(id=webhook_id)
    return WebhookOut.of(webhook)


@router.patch("/{id}", summary="Change title or scopes of a webhook")
async def change_webhook(
    webhook_id: WebhookPath, body: WebhookChangeIn, context: Context
) -> WebhookOut:
    scopes = None if body.scopes is None else tuple(body.scopes)
    service = wiring.webhook_service_of(context)
    webhook = await service.change(WebhookId(webhook_id), body.title, scopes)
    identity.forget(context)
    return WebhookOut.of(webhook)


@router.delete("/{id}", summary="Revoke a webhook", status_code=status.HTTP_204_NO_CONTENT)
async def revoke_webhook(webhook_id: WebhookPath, context: Context) -> None:
    await wiring.webhook_service_of(context).revoke(WebhookId(webhook_id))
    identity.forget(context)


async def _make(
    context: RequestContext, user: UserId, body: WebhookIn, session: WriteSession
) -> Made:
    service = wiring.webhook_service(session, context, wiring.asker_of(context))
    return await service.make(user, body.title, tuple(body.scopes))
