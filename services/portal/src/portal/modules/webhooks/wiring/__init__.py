"""Builds the services of webhooks from a session, or from a request."""

from functools import partial

from db.sessions import ReadSession, WriteSession
from portal.context import RequestContext
from portal.modules.company import facade as company
from portal.modules.company.contracts import UserId, UserState
from portal.modules.licence import facade as licence
from portal.modules.webhooks.repository.inbound import WebhookRepository, WebhookStore
from portal.modules.webhooks.service.inbound import Asker, WebhookService
from portal.modules.webhooks.wiring import events

OPERATOR = Asker(None, is_administrator=True)


def asker_of(context: RequestContext) -> Asker:
    """Return who asks, as far as webhooks are concerned."""
    return Asker(UserId(context.user.user_id), context.user.role == "admin")


def webhooks(session: ReadSession) -> WebhookRepository:
    """Return the webhooks of the session's portal, to read."""
    return WebhookRepository(session)


def webhook_store(session: WriteSession) -> WebhookStore:
    """Return the webhooks of the session's portal, to change."""
    return WebhookStore(session)


def webhook_service(session: WriteSession, context: RequestContext, asker: Asker) -> WebhookService:
    """Return the use cases of webhooks."""
    return WebhookService(
        webhooks=WebhookStore(session),
        asker=asker,
        is_active=partial(_is_active, session),
        lock=partial(licence.lock, session),
        unbind=events.handler_service(session, context).delete_bound,
        most=context.resources.settings.limits.webhooks,
        publish=session.publish,
        now=session.now,
    )


def webhook_service_of(context: RequestContext) -> WebhookService:
    """Return the use cases of webhooks for a request."""
    return webhook_service(context.writer, context, asker_of(context))


async def _is_active(session: ReadSession, user: UserId) -> bool:
    person = await company.find_person(session, user)
    return person is not None and person.state is UserState.ACTIVE
