"""One turn of one handler: what there is to tell, telling it, and what is written down afterwards.

Between reading and writing stands nothing but time: whatever dies there, the turn is repeated, and its
events are told again. Two turns of one handler at once do not go back behind each other, because the
second finds the cursor moved and writes nothing.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from db.journal import Entry
from jobs.outcomes import Again, Done, Outcome
from kernel.facts import Fact
from portal.modules.webhooks.contracts import HandlerId
from portal.modules.webhooks.domain import patience
from portal.modules.webhooks.domain.handlers import Handler, OffReason
from portal.modules.webhooks.domain.lanes import Delivery, lanes, next_due
from portal.modules.webhooks.repository.deliveries import DeliveryRepository, DeliveryStore
from portal.modules.webhooks.repository.handlers import HandlerRepository, HandlerStore
from portal.outward import NotDeliveredError

FRESH_AT_ONCE = 50  # events of a turn that were not tried before
PAGE = 500
PAGES = 10  # of the journal, most of which may be nothing to tell
ENTITIES_AT_ONCE = 4
# A try takes up to ten seconds more (``portal.outward``), and a step may take 30 in all (the worker's)
TRIES_BEGIN_SECONDS = 10.0
LONGEST_SLEEP = timedelta(days=1)  # then old dead letters are looked for

Make = Callable[[Entry], Awaitable[Delivery | None]]
Send = Callable[[Delivery], Awaitable[None]]
Orphaned = Callable[[Handler], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Load:
    """What a turn begins with. ``read_to``: the journal's last entry that it knows.

    ``is_orphaned``: who bound the handler by his webhook works here no more, so it is told nothing.
    """

    handler: Handler
    waiting: Sequence[Delivery]
    fresh: Sequence[Delivery] = ()
    read_to: int = 0
    is_more: bool = False
    is_orphaned: bool = False

    @property
    def is_full(self) -> bool:
        """Whether the journal has to wait for the receiver."""
        return len(self.waiting) >= patience.MOST_WAITING


@dataclass(slots=True)
class Told:
    """How a turn went: what was taken, and what is left to be tried again or given up."""

    taken: list[Delivery] = field(default_factory=list)
    failed: list[Delivery] = field(default_factory=list)
    untried: list[Delivery] = field(default_factory=list)
    silent: int = 0

    @property
    def is_silence(self) -> bool:
        """Whether the receiver as a whole seems to be gone."""
        nothing_else = not self.taken and self.silent == len(self.failed)
        return nothing_else and self.silent >= patience.SILENT_ENTITIES

    @property
    def left(self) -> list[Delivery]:
        """What will be tried again."""
        return [d for d in (*self.failed, *self.untried) if d.due_at is not None]

    @property
    def dead(self) -> list[Delivery]:
        """What was tried for the last time."""
        return [d for d in self.failed if d.due_at is None]


async def load(
    handlers: HandlerRepository,
    deliveries: DeliveryRepository,
    handler_id: HandlerId,
    job: int,
    *,
    make: Make,
    is_orphaned: Orphaned,
) -> Load | None:
    """Read what there is to tell; ``None`` if this job tells the handler nothing any more."""
    handler = await handlers.find(handler_id)
    if handler is None or not handler.is_on or handler.job != job:
        return None
    if await is_orphaned(handler):
        return Load(handler, (), read_to=handler.cursor, is_orphaned=True)
    most = patience.MOST_WAITING + FRESH_AT_ONCE
    begun = Load(handler, await deliveries.waiting(most), read_to=handler.cursor)
    return begun if begun.is_full else await _with_fresh(begun, deliveries, make)


async def _with_fresh(begun: Load, deliveries: DeliveryRepository, make: Make) -> Load:
    """Read on in the journal, as far as one turn can tell."""
    fresh: list[Delivery] = []
    cursor = begun.read_to
    for _ in range(PAGES):
        entries = await deliveries.entries_since(cursor, PAGE)
        for entry in entries:
            cursor = entry.id
            made = await make(entry)
            if made is not None:
                fresh.append(made)
            if len(fresh) == FRESH_AT_ONCE:
                return replace(begun, fresh=fresh, read_to=cursor, is_more=True)
        if len(entries) < PAGE:
            return replace(begun, fresh=fresh, read_to=cursor)
    return replace(begun, fresh=fresh, read_to=cursor, is_more=True)


async def tell(load: Load, send: Send, clock: Callable[[], datetime]) -> Told:
    """Try what is due, entity by entity, several at once."""
    open_lanes, held = lanes(load.waiting, load.fresh, clock())
    told = Told(untried=held)
    slots = asyncio.Semaphore(ENTITIES_AT_ONCE)
    ends_at = time.monotonic() + TRIES_BEGIN_SECONDS

    async def walk(lane: list[Delivery]) -> None:
        for place, delivery in enumerate(lane):
            if time.monotonic() >= ends_at:
                told.untried += lane[place:]
                return
            try:
                await send(delivery)
            except NotDeliveredError as error:
                told.failed.append(delivery.failed(str(error), clock()))
                told.silent += error.is_silence
                told.untried += lane[place + 1 :]
                return
            told.taken.append(delivery)

    async def take_turns(lane: list[Delivery]) -> None:
        async with slots:
            await walk(lane)

    async with asyncio.TaskGroup() as group:
        for lane in open_lanes:
            group.create_task(take_turns(lane))
    return told


class Recording:
    """Writes down how a turn went, in one transaction."""

    def __init__(
        self,
        *,
        handlers: HandlerStore,
        deliveries: DeliveryStore,
        publish: Callable[[Fact], None],
        now: datetime,
    ) -> None:
        self._handlers = handlers
        self._deliveries = deliveries
        self._publish = publish
        self._now = now

    async def record(self, load: Load, told: Told) -> Outcome:
        """Write it, and say when the next turn is due."""
        handler = await self._handlers.find_for_update(load.handler.id)
        if handler is None or not handler.is_on or handler.job != load.handler.job:
            return Done()
        if handler.cursor != load.handler.cursor:
            return Again()  # another turn told the same and was quicker
        if load.is_orphaned:
            return await self._switch_off(handler, OffReason.DISMISSED)
        await self._deliveries.remove(told.taken)
        await self._deliveries.keep([*told.failed, *self._to_keep(told.untried)])
        health = handler.health.after(
            taken=len(told.taken),
            failed=len(told.failed),
            is_silent=told.is_silence,
            now=self._now,
        )
        handler = replace(handler, cursor=load.read_to, health=health)
        if handler.is_hopeless(self._now):
            last = told.failed[-1].error if told.failed else ""
            return await self._switch_off(handler, OffReason.FAILING, last)
        await self._handlers.save(handler)
        return self._next(handler, load, told)

    async def _switch_off(self, handler: Handler, why: OffReason, said: str = "") -> Done:
        off, fact = handler.switched_off(why, said)
        self._publish(fact)
        await self._handlers.save(off)
        return Done()

    def _next(self, handler: Handler, load: Load, told: Told) -> Again:
        if told.is_silence:
            return Again(patience.rest_after(handler.health.silences).total_seconds())
        due_at = next_due(told.left)
        wait = LONGEST_SLEEP if due_at is None else max(due_at - self._now, timedelta())
        if load.is_more:
            wait = timedelta()
        seconds = min(wait, LONGEST_SLEEP).total_seconds()
        is_full = len(told.left) >= patience.MOST_WAITING
        return Again(seconds) if is_full or not seconds else Again(seconds, load.read_to)

    @staticmethod
    def _to_keep(untried: Iterable[Delivery]) -> list[Delivery]:
        """Return those that are not written down yet."""
        return [delivery for delivery in untried if not delivery.id]
