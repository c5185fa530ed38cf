"""What is kept of changes, and what becomes of those who read slowly."""

import asyncio

import pytest

from kernel.errors import UnavailableError
from routing import changelog
from routing.changelog import ChangeLog, Subscriber


async def read(subscriber: Subscriber) -> bytes:
    """Read until the stream ends, or nothing more comes for a moment."""
    received = b""

    async def collect() -> None:
        nonlocal received
        async for chunk in subscriber.chunks():
            received += chunk

    try:
        await asyncio.wait_for(collect(), 0.05)
    except TimeoutError:
        return received
    return received + b"END"


def subscribed(log: ChangeLog, revision: int) -> Subscriber:
    subscriber = log.subscribe(revision)
    assert subscriber is not None
    return subscriber


async def test_a_subscriber_gets_what_it_missed_and_what_comes() -> None:
    log = ChangeLog()
    log.restart(10)
    for revision in (11, 12, 13):
        log.append(revision, b"%d;" % revision)

    subscriber = subscribed(log, 12)
    log.append(14, b"14;")

    assert await read(subscriber) == b"12;13;14;"


async def test_nobody_goes_on_from_before_the_start() -> None:
    log = ChangeLog()
    log.restart(10)

    assert log.subscribe(9) is None
    assert log.subscribe(10) is not None


async def test_the_oldest_changes_are_dropped_and_known_to_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(changelog, "KEPT_CHANGES", 3)
    log = ChangeLog()
    for revision in (1, 2, 3, 4):
        log.append(revision, b"%d;" % revision)

    assert log.subscribe(1) is None
    assert await read(subscribed(log, 2)) == b"2;3;4;"


async def test_a_slow_subscriber_is_cut_off_and_costs_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(changelog, "WAITING_LINES", 3)
    log = ChangeLog()
    slow, quick = subscribed(log, 0), subscribed(log, 0)
    lines = quick.chunks()

    for revision in range(1, 10):
        log.append(revision, b"%d;" % revision)
        assert await anext(lines) == b"%d;" % revision

    assert await read(slow) == b"END"
    log.append(10, b"10;")
    assert await anext(lines) == b"10;"


async def test_a_full_house_is_said_to_be_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changelog, "SUBSCRIBERS", 1)
    log = ChangeLog()
    first = subscribed(log, 0)

    with pytest.raises(UnavailableError):
        log.subscribe(0)
    log.unsubscribe(first)
    assert log.subscribe(0) is not None


async def test_all_streams_end_when_the_service_does() -> None:
    log = ChangeLog()
    subscriber = subscribed(log, 0)

    log.end()

    assert await read(subscriber) == b"END"
