"""Deliveries that were not taken yet, and dead letters, in the database."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import bindparam, delete, func, insert, literal, null, select, update

from db import journal
from db.journal import Entry
from db.sessions import ReadSession, WriteSession
from db.statements import Statement
from portal.modules.webhooks.contracts import DeliveryId, HandlerId
from portal.modules.webhooks.domain.lanes import DeadLetter, Delivery
from portal.modules.webhooks.domain.patience import DEAD_KEPT
from portal.modules.webhooks.tables import event_deliveries as deliveries

LONGEST_ERROR = 200

_COLUMNS = (
    deliveries.c.id,
    deliveries.c.entry,
    deliveries.c.event,
    deliveries.c.entity,
    deliveries.c.entity_id,
    deliveries.c.happened_at,
    deliveries.c.data,
    deliveries.c.due_at,
    deliveries.c.tries,
    deliveries.c.error,
    deliveries.c.died_at,
)
_MINE = deliveries.c.portal_id == bindparam("portal_id")
_OF_HANDLER = (_MINE, deliveries.c.handler_id == bindparam("handler"))
_ALIVE = deliveries.c.died_at.is_(None)
_DEAD = deliveries.c.died_at.is_not(None)
_THIS = (_MINE, deliveries.c.id == bindparam("delivery"))

_WAITING = Statement(
    select(*_COLUMNS)
    .where(*_OF_HANDLER, _ALIVE)
    .order_by(deliveries.c.entry)
    .limit(bindparam("limit"))
)
_DEAD_LETTERS = Statement(
    select(*_COLUMNS)
    .where(*_OF_HANDLER, _DEAD, deliveries.c.id > bindparam("after"))
    .order_by(deliveries.c.id)
    .limit(bindparam("limit"))
)
_COUNT = Statement(select(func.count(), func.count(deliveries.c.died_at)).where(*_OF_HANDLER))
_ADD = Statement(
    insert(deliveries),
    columns=(
        *("portal_id", "handler_id", "entry", "event", "entity", "entity_id", "happened_at"),
        *("data", "due_at", "tries", "error", "died_at"),
    ),
)
_SAVE = Statement(
    update(deliveries)
    .where(*_THIS)
    .values({c: bindparam(f"new_{c}") for c in ("due_at", "tries", "error", "died_at")})
)
_REMOVE = Statement(delete(deliveries).where(*_THIS))
_REVIVAL = {"tries": literal(0), "died_at": null(), "due_at": bindparam("at")}
_REVIVE = Statement(update(deliveries).where(*_OF_HANDLER, *_THIS[1:], _DEAD).values(_REVIVAL))
_REVIVE_ALL = Statement(update(deliveries).where(*_OF_HANDLER, _DEAD).values(_REVIVAL))
_EXPIRED = Statement(
    select(deliveries.c.id)
    .where(*_OF_HANDLER, deliveries.c.died_at < bindparam("before"))
    .order_by(deliveries.c.died_at)
    .limit(100)
)


class DeliveryRepository:
    """What is on its way to one handler of one portal."""

    def __init__(self, session: ReadSession, handler: HandlerId) -> None:
        self._session = session
        self._handler = handler

    async def entries_since(self, cursor: int, limit: int) -> Sequence[Entry]:
        """Return what happened in the portal after the cursor; nothing is ever stepped over."""
        rows = await self._session.all(journal.SINCE, cursor=cursor, limit=limit)
        return [journal.entry(row) for row in rows]

    async def waiting(self, limit: int) -> Sequence[Delivery]:
        """Return what is to be tried again, in the order in which it happened."""
        rows = await self._session.all(_WAITING, handler=self._handler, limit=limit)
        return [_to_domain(row) for row in rows]

    async def dead_letters(self, *, after: int, limit: int) -> Sequence[DeadLetter]:
        """Return dead letters by id."""
        rows = await self._session.all(
            _DEAD_LETTERS, handler=self._handler, after=after, limit=limit
        )
        return [DeadLetter(_to_domain(row), row[-1]) for row in rows]

    async def counts(self) -> tuple[int, int]:
        """How many deliveries wait for another try, and how many are dead letters."""
        row = await self._session.first(_COUNT, handler=self._handler)
        everything, dead = row or (0, 0)
        return everything - dead, dead


class DeliveryStore(DeliveryRepository):
    """What is on its way to one handler, inside a transaction."""

    def __init__(self, session: WriteSession, handler: HandlerId) -> None:
        super().__init__(session, handler)
        self._writer = session

    async def keep(self, left: Iterable[Delivery]) -> None:
        """Write down what was not taken; what has no next try is a dead letter from now on."""
        fresh = []
        for delivery in left:
            if delivery.id:
                values = {
                    f"new_{name}": value for name, value in self._changeable(delivery).items()
                }
                await self._writer.change(_SAVE, delivery=delivery.id, **values)
            else:
                fresh.append({**self._changeable(delivery), **_fixed(delivery)})
        await self._writer.insert_many(_ADD, [{"handler_id": self._handler, **f} for f in fresh])

    async def remove(self, taken: Iterable[Delivery]) -> None:
        """Forget what was taken, and dead letters that are too old."""
        for delivery in taken:
            if delivery.id:
                await self._writer.change(_REMOVE, delivery=delivery.id)
        before = self._writer.now - DEAD_KEPT
        for (old,) in await self._writer.all(_EXPIRED, handler=self._handler, before=before):
            await self._writer.change(_REMOVE, delivery=old)

    async def revive(self, delivery: DeliveryId) -> bool:
        """Let a dead letter be tried again; ``False`` if there is no such one."""
        values = {"handler": self._handler, "delivery": delivery, "at": self._writer.now}
        return await self._writer.change(_REVIVE, **values) > 0

    async def revive_all(self) -> int:
        """Let all dead letters be tried again; return how many there were."""
        return await self._writer.change(_REVIVE_ALL, handler=self._handler, at=self._writer.now)

    def _changeable(self, delivery: Delivery) -> dict[str, Any]:
        now = self._writer.now
        return {
            "due_at": delivery.due_at or now,
            "tries": delivery.tries,
            "error": delivery.error[:LONGEST_ERROR],
            "died_at": now if delivery.due_at is None else None,
        }


def _fixed(delivery: Delivery) -> dict[str, Any]:
    entity, entity_id = delivery.entity
    return {
        "entry": delivery.entry,
        "event": delivery.event,
        "entity": entity,
        "entity_id": entity_id,
        "happened_at": delivery.happened_at,
        "data": orjson.dumps(delivery.data).decode(),
    }


def _to_domain(row: Sequence[Any]) -> Delivery:
    delivery, entry, event, entity, entity_id, happened_at, data, *rest = row
    due_at, tries, error, died_at = rest
    return Delivery(
        entry=entry,
        event=event,
        entity=(entity, entity_id),
        happened_at=happened_at,
        data=orjson.loads(data),
        due_at=due_at if died_at is None else None,
        id=DeliveryId(delivery),
        tries=tries,
        error=error,
    )
