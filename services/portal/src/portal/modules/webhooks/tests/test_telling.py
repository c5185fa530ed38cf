"""Events of one lead are told in order; a lead that fails holds back nothing but itself."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.modules.webhooks.contracts import DeliveryId, HandlerId
from portal.modules.webhooks.domain import patience
from portal.modules.webhooks.domain.handlers import Handler, HandlerState
from portal.modules.webhooks.domain.lanes import Delivery, Entity, lanes, next_due
from portal.modules.webhooks.service import telling
from portal.modules.webhooks.service.telling import Load, Told
from portal.outward import NotDeliveredError

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
HANDLER = Handler(
    id=HandlerId(1),
    url="https://example.com/",
    events=("ONCRMLEADUPDATE",),
    title="",
    state=HandlerState.ON,
    off_reason=None,
    token="sealed",
    cursor=0,
    job=1,
    created_at=NOW,
    created_by=1,
)


def event(entry: int, lead: int, *, due_at: datetime | None = NOW, **fields: object) -> Delivery:
    made = Delivery(entry, "ONCRMLEADUPDATE", ("lead", lead), NOW, {}, due_at)
    return replace(made, **fields)  # type: ignore[arg-type]  # a test's own


def waits(entry: int, lead: int, due_at: datetime, tries: int = 1) -> Delivery:
    return event(entry, lead, due_at=due_at, id=DeliveryId(entry), tries=tries)


class Receiver:
    """Takes events, but those of some leads not."""

    def __init__(self, refused: Iterable[int] = (), silent: Iterable[int] = ()) -> None:
        self.refused, self.silent = set(refused), set(silent)
        self.asked: defaultdict[Entity, list[int]] = defaultdict(list)
        self.now = self.most = 0

    async def __call__(self, delivery: Delivery) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(0)
            self.asked[delivery.entity].append(delivery.entry)
            if delivery.entity[1] in self.refused:
                raise NotDeliveredError("status 500", is_silence=False)
            if delivery.entity[1] in self.silent:
                raise NotDeliveredError("no answer in 10 s", is_silence=True)
        finally:
            self.now -= 1


async def tell(
    receiver: Receiver, fresh: Sequence[Delivery] = (), waiting: Sequence[Delivery] = ()
) -> Told:
    load = Load(HANDLER, waiting, fresh, read_to=99)
    return await telling.tell(load, receiver, lambda: NOW)


async def test_events_of_one_lead_are_told_one_after_another() -> None:
    receiver = Receiver()
    told = await tell(receiver, [event(n, n % 3) for n in range(30)])
    assert len(told.taken) == 30
    for lead in range(3):
        assert receiver.asked["lead", lead] == [n for n in range(30) if n % 3 == lead]


async def test_no_more_leads_at_once_than_allowed() -> None:
    receiver = Receiver()
    await tell(receiver, [event(n, n) for n in range(30)])
    assert receiver.most == telling.ENTITIES_AT_ONCE


async def test_a_lead_that_is_refused_holds_back_only_itself() -> None:
    receiver = Receiver(refused=[1])
    told = await tell(receiver, [event(1, 1), event(2, 2), event(3, 1), event(4, 2)])
    assert [d.entry for d in told.taken] == [2, 4]
    assert [(d.entry, d.tries, d.error) for d in told.failed] == [(1, 1, "status 500")]
    assert [(d.entry, d.tries) for d in told.untried] == [(3, 0)]
    assert receiver.asked["lead", 1] == [1]
    assert not told.is_silence


async def test_what_waits_for_its_next_try_holds_back_what_came_after_it() -> None:
    receiver = Receiver()
    told = await tell(receiver, [event(5, 1), event(6, 2)], [waits(1, 1, LATER)])
    assert [d.entry for d in told.taken] == [6]
    assert [d.entry for d in told.left] == [1, 5]
    assert next_due(told.left) == LATER


async def test_a_try_that_is_due_comes_before_what_happened_later() -> None:
    receiver = Receiver()
    await tell(receiver, [event(5, 1)], [waits(3, 1, LATER), waits(1, 1, NOW)])
    assert receiver.asked["lead", 1] == [1, 3, 5]


async def test_after_the_last_try_it_is_a_dead_letter_and_the_next_one_follows() -> None:
    receiver = Receiver(refused=[1])
    last = waits(1, 1, NOW, tries=patience.TRIES - 1)
    told = await tell(receiver, [event(5, 1)], [last])
    assert [d.entry for d in told.dead] == [1]
    assert [d.entry for d in told.left] == [5]
    assert next_due(told.left) == NOW


async def test_one_silent_lead_says_nothing_about_the_receiver_and_two_do() -> None:
    one = await tell(Receiver(silent=[1]), [event(1, 1)])
    two = await tell(Receiver(silent=[1, 2]), [event(1, 1), event(2, 2)])
    answered = await tell(Receiver(silent=[1, 2]), [event(1, 1), event(2, 2), event(3, 3)])
    refused = await tell(Receiver([3], [1, 2]), [event(1, 1), event(2, 2), event(3, 3)])
    assert [t.is_silence for t in (one, two, answered, refused)] == [False, True, False, False]


async def test_when_the_time_is_over_what_is_left_waits_for_the_next_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(telling, "TRIES_BEGIN_SECONDS", 0.0)
    told = await tell(Receiver(), [event(1, 1), event(2, 1), event(3, 2)])
    assert not told.taken
    assert [(d.entry, d.tries) for d in told.untried] == [(1, 0), (2, 0), (3, 0)]
    assert next_due(told.left) == NOW


@given(
    st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=30),
    st.integers(0, 30),
)
def test_nothing_is_lost_and_no_lead_is_overtaken(
    happened: list[tuple[int, bool]], old: int
) -> None:
    """Whatever waits, and in whatever order it is read, what may be tried is in order and complete."""
    events = [
        event(n, lead, due_at=NOW if now else LATER) for n, (lead, now) in enumerate(happened)
    ]
    waiting, fresh = events[:old], events[old:]
    tried, held = lanes(list(reversed(waiting)), fresh, NOW)
    seen = sorted([d.entry for lane in tried for d in lane] + [d.entry for d in held])
    assert seen == list(range(len(events)))
    for lane in tried:
        assert [d.entry for d in lane] == sorted(d.entry for d in lane)
        assert len({d.entity for d in lane}) == 1
        assert not any(d.entity == lane[0].entity for d in held)
