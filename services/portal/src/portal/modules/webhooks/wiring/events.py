"""Builds what event handlers need: their use cases, a turn of one, and what is sent to it."""

from datetime import UTC, datetime
from functools import partial

from prometheus_client import Counter
from yarl import URL

from db.journal import Entry
from db.sessions import ReadSession, WriteSession
from jobs import deliveries as delivering
from jobs import queue
from jobs.outcomes import Outcome
from jobs.queue import JobId
from portal.context import RequestContext
from portal.modules.company import facade as company
from portal.modules.company.contracts import UserId, UserState
from portal.modules.licence import facade as licence
from portal.modules.webhooks.contracts import HandlerId
from portal.modules.webhooks.domain.bodies import Sender, body_of, member_id
from portal.modules.webhooks.domain.handlers import Handler
from portal.modules.webhooks.domain.lanes import Delivery
from portal.modules.webhooks.repository.deliveries import DeliveryRepository, DeliveryStore
from portal.modules.webhooks.repository.handlers import HandlerRepository, HandlerStore
from portal.modules.webhooks.service import telling
from portal.modules.webhooks.service.handlers import HandlerService
from portal.modules.webhooks.service.telling import Load, Recording, Told
from portal.modules.webhooks.wiring.told import EVENTS

DELIVERIES = Counter(
    "portal_event_deliveries_total", "Tries to tell a receiver of an event.", ("outcome",)
)


def handlers(session: ReadSession) -> HandlerRepository:
    """Return the event handlers of the session's portal, to read."""
    return HandlerRepository(session)


def deliveries(session: ReadSession, handler: HandlerId) -> DeliveryRepository:
    """Return what is on its way to a handler, to read."""
    return DeliveryRepository(session, handler)


def handler_service(session: WriteSession, context: RequestContext) -> HandlerService:
    """Return the use cases of event handlers."""
    return HandlerService(
        handlers=HandlerStore(session),
        deliveries=partial(DeliveryStore, session),
        known=frozenset(event.name for event in EVENTS).__contains__,
        seal=partial(context.resources.sealer.seal, place=_place(context)),
        begin=partial(delivering.begin, session),
        wake=partial(_wake, session),
        lock=partial(licence.lock, session),
        most=context.resources.settings.limits.event_handlers,
        publish=session.publish,
        by=session.actor,
        now=session.now,
    )


async def load(context: RequestContext, handler: HandlerId, job: JobId) -> Load | None:
    """Read what there is to tell the handler."""
    async with context.reading() as session:
        repository = HandlerRepository(session)
        found = await repository.find(handler)
        wanted = frozenset(found.events) if found else frozenset()
        return await telling.load(
            repository,
            DeliveryRepository(session, handler),
            handler,
            job,
            make=partial(_made, session, wanted),
            is_orphaned=partial(_is_orphaned, session),
        )


async def tell(context: RequestContext, loaded: Load) -> Told:
    """Send what is due."""
    handler = loaded.handler
    sender = _sender(context, handler)

    async def send(delivery: Delivery) -> None:
        body = body_of(delivery.event, handler.id, delivery.data, delivery.happened_at, sender)
        await context.resources.outward.post_form(handler.url, body)

    told = await telling.tell(loaded, send, _now)
    DELIVERIES.labels("taken").inc(len(told.taken))
    DELIVERIES.labels("dead").inc(len(told.dead))
    DELIVERIES.labels("failed").inc(len(told.failed) - len(told.dead))
    return told


async def record(loaded: Load, told: Told, session: WriteSession) -> Outcome:
    """Write down how it went."""
    recording = Recording(
        handlers=HandlerStore(session),
        deliveries=DeliveryStore(session, loaded.handler.id),
        publish=session.publish,
        now=session.now,
    )
    return await recording.record(loaded, told)


async def _is_orphaned(session: ReadSession, handler: Handler) -> bool:
    """Tell whether it was bound by a webhook that is dead because its person was dismissed."""
    if handler.webhook_id is None or handler.created_by is None:
        return False
    person = await company.find_person(session, UserId(handler.created_by))
    return person is None or person.state is not UserState.ACTIVE


async def _made(session: ReadSession, wanted: frozenset[str], entry: Entry) -> Delivery | None:
    """Return what the handler is told of an entry of the journal, if it is."""
    event = EVENTS.of(entry)
    if event is None or event.name not in wanted:
        return None
    return Delivery(
        entry=entry.id,
        event=event.name,
        entity=(entry.entity, entry.entity_id),
        happened_at=entry.at,
        data=dict(await event.data(session, entry)),
        due_at=entry.at,
    )


def _sender(context: RequestContext, handler: Handler) -> Sender:
    settings, route = context.resources.settings, context.route
    address = settings.portal_url(route.host, "https")
    return Sender(
        domain=URL(address).authority,
        client_endpoint=f"{address}/rest/",
        server_endpoint=f"{settings.door.url(settings.base_domain, 'https')}/rest/",
        member_id=member_id(route.portal),
        application_token=context.resources.sealer.open(handler.token, _place(context)),
    )


async def _wake(session: WriteSession, job: int) -> None:
    await queue.wake(session, JobId(job))


def _place(context: RequestContext) -> str:
    """Return what the seal of a token is bound to."""
    return f"portal/{context.route.portal}/event-handler"


def _now() -> datetime:
    return datetime.now(tz=UTC)
