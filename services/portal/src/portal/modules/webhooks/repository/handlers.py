"""Event handlers in the database."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, insert, select, update

from db.journal import journal
from db.sessions import ReadSession, WriteSession
from db.statements import Statement
from portal.modules.webhooks.contracts import HandlerId, WebhookId
from portal.modules.webhooks.domain.handlers import Handler, HandlerState, Health, OffReason
from portal.modules.webhooks.tables import event_deliveries, event_handlers

_COLUMNS = (
    event_handlers.c.id,
    event_handlers.c.url,
    event_handlers.c.events,
    event_handlers.c.title,
    event_handlers.c.state,
    event_handlers.c.off_reason,
    event_handlers.c.token,
    event_handlers.c.seen_entry,
    event_handlers.c.job_id,
    event_handlers.c.created_at,
    event_handlers.c.created_by,
    event_handlers.c.webhook_id,
    event_handlers.c.failing_since,
    event_handlers.c.failed_tries,
    event_handlers.c.silences,
)
_MINE = event_handlers.c.portal_id == bindparam("portal_id")
_THIS = (_MINE, event_handlers.c.id == bindparam("handler"))
_CHANGEABLE = (
    *("url", "events", "title", "state", "off_reason", "token", "seen_entry", "job_id"),
    *("failing_since", "failed_tries", "silences"),
)

_BY_ID = select(*_COLUMNS).where(*_THIS)
_FIND = Statement(_BY_ID)
_FIND_FOR_UPDATE = Statement(_BY_ID.with_for_update())
_COUNT = Statement(select(func.count()).where(_MINE))
_ADD = Statement(
    insert(event_handlers),
    columns=("portal_id", *_CHANGEABLE, "created_at", "created_by", "webhook_id"),
)
_SAVE = Statement(
    update(event_handlers)
    .where(*_THIS)
    .values({name: bindparam(f"new_{name}") for name in _CHANGEABLE})
)
_DELETE = Statement(delete(event_handlers).where(*_THIS))
_DELETE_DELIVERIES = Statement(
    delete(event_deliveries).where(
        event_deliveries.c.portal_id == bindparam("portal_id"),
        event_deliveries.c.handler_id == bindparam("handler"),
    )
)
_NEWEST_ENTRY = Statement(
    select(journal.c.id)
    .where(journal.c.portal_id == bindparam("portal_id"))
    .order_by(journal.c.id.desc())
    .limit(1)
)


def _listing(*, of_one_webhook: bool) -> Statement:
    query: Select[tuple[object, ...]] = select(*_COLUMNS).where(
        _MINE, event_handlers.c.id > bindparam("after")
    )
    if of_one_webhook:
        query = query.where(event_handlers.c.webhook_id == bindparam("webhook"))
    return Statement(query.order_by(event_handlers.c.id).limit(bindparam("limit")))


_ALL = _listing(of_one_webhook=False)
_BOUND = _listing(of_one_webhook=True)


class HandlerRepository:
    """Event handlers of one portal."""

    def __init__(self, session: ReadSession) -> None:
        self._session = session

    async def find(self, handler: HandlerId) -> Handler | None:
        """Return the handler."""
        row = await self._session.first(_FIND, handler=handler)
        return None if row is None else _to_domain(row)

    async def all(self, *, after: int, limit: int) -> Sequence[Handler]:
        """Return handlers by id."""
        rows = await self._session.all(_ALL, after=after, limit=limit)
        return [_to_domain(row) for row in rows]

    async def bound(self, webhook: WebhookId, limit: int) -> Sequence[Handler]:
        """Return the handlers that were bound through a webhook."""
        rows = await self._session.all(_BOUND, webhook=webhook, after=0, limit=limit)
        return [_to_domain(row) for row in rows]

    async def count(self) -> int:
        """How many handlers there are."""
        row = await self._session.first(_COUNT)
        return int(row[0]) if row else 0

    async def newest_entry(self) -> int:
        """Return the last entry of the journal: who begins now is told of what comes after it."""
        row = await self._session.first(_NEWEST_ENTRY)
        return int(row[0]) if row else 0


class HandlerStore(HandlerRepository):
    """Event handlers of one portal, inside a transaction."""

    def __init__(self, session: WriteSession) -> None:
        super().__init__(session)
        self._writer = session

    async def find_for_update(self, handler: HandlerId) -> Handler | None:
        """Return the handler, locked until the transaction ends."""
        row = await self._writer.first(_FIND_FOR_UPDATE, handler=handler)
        return None if row is None else _to_domain(row)

    async def add(self, handler: Handler) -> HandlerId:
        """Insert; the id of ``handler`` is not looked at."""
        new_id = await self._writer.insert(
            _ADD,
            **_changeable(handler),
            created_at=handler.created_at,
            created_by=handler.created_by,
            webhook_id=handler.webhook_id,
        )
        return HandlerId(new_id)

    async def save(self, handler: Handler) -> None:
        """Write what may change."""
        values = {f"new_{name}": value for name, value in _changeable(handler).items()}
        await self._writer.change(_SAVE, handler=handler.id, **values)

    async def delete(self, handler: HandlerId) -> None:
        """Remove it and whatever was on its way to it."""
        await self._writer.change(_DELETE_DELIVERIES, handler=handler)
        await self._writer.change(_DELETE, handler=handler)


def _changeable(handler: Handler) -> dict[str, Any]:
    return {
        "url": handler.url,
        "events": " ".join(handler.events),
        "title": handler.title,
        "state": handler.state.value,
        "off_reason": handler.off_reason and handler.off_reason.value,
        "token": handler.token.encode(),
        "seen_entry": handler.cursor,
        "job_id": handler.job,
        "failing_since": handler.health.failing_since,
        "failed_tries": handler.health.failed_tries,
        "silences": handler.health.silences,
    }


def _to_domain(row: Sequence[Any]) -> Handler:
    handler, url, events, title, state, off_reason, token, seen, job, *rest = row
    created_at, created_by, webhook, failing_since, failed_tries, silences = rest
    return Handler(
        HandlerId(handler),
        url,
        tuple(events.split()),
        title,
        HandlerState(state),
        OffReason(off_reason) if off_reason else None,
        token.decode(),
        seen,
        job,
        created_at,
        created_by,
        webhook,
        Health(failing_since, failed_tries, silences),
    )
