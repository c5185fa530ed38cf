"""What the operator's command asks about the webhooks of a portal."""

from functools import partial

from fastapi import APIRouter, Request, Response, status

from db.errors import StaleRouteError
from db.sessions import WriteSession
from kernel.ids import PortalId
from portal import errands
from portal.context import RequestContext
from portal.modules.company.contracts import UserId
from portal.modules.webhooks import wiring
from portal.modules.webhooks.contracts import WebhookId
from portal.modules.webhooks.domain.inbound import Made
from portal.modules.webhooks.schemas.inbound import (
    RowId,
    WebhookForIn,
    WebhookMadeOut,
    WebhookOut,
)
from portal.modules.webhooks.wiring import OPERATOR, identity
from portal.paging import Page, Paging, cursor, cut
from portal.unit import PortalMovingError, transaction

router = APIRouter(prefix="/internal/portals/{portal}/webhooks", include_in_schema=False)


@router.post("", status_code=status.HTTP_201_CREATED)
async def make_webhook(portal: PortalId, body: WebhookForIn, request: Request) -> WebhookMadeOut:
    """Make a webhook for anybody of the portal."""
    context = errands.context_of(request, portal)
    settings = context.resources.settings

    async def make(session: WriteSession) -> Made:
        service = wiring.webhook_service(session, context, OPERATOR)
        return await service.make(UserId(body.user_id), body.title, tuple(body.scopes))

    try:
        made = await transaction(context, make)
    except StaleRouteError:
        raise PortalMovingError from None
    return WebhookMadeOut.made(made, settings, context.route.host)


@router.get("")
async def list_webhooks(portal: PortalId, request: Request, page: Paging) -> Page[WebhookOut]:
    """List the webhooks of the portal that are not revoked."""
    context = errands.context_of(request, portal)
    async with context.reading() as session:
        found = await wiring.webhooks(session).all(
            user=None, after=page.after_id("webhooks"), limit=page.limit + 1
        )
    webhooks, more = cut(found, page.limit)
    return Page(
        items=[WebhookOut.of(w) for w in webhooks],
        next=cursor("webhooks", webhooks[-1].id) if more else None,
    )


@router.delete("/{webhook}")
async def revoke_webhook(portal: PortalId, webhook: RowId, request: Request) -> Response:
    """Revoke a webhook of the portal."""
    context = errands.context_of(request, portal)
    try:
        await transaction(context, partial(_revoke, context, WebhookId(webhook)))
    except StaleRouteError:
        raise PortalMovingError from None
    identity.forget(context)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


async def _revoke(context: RequestContext, webhook: WebhookId, session: WriteSession) -> None:
    await wiring.webhook_service(session, context, OPERATOR).revoke(webhook)
