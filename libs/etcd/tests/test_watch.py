"""The change stream: nothing lost, nothing twice, and an end when the member is no good."""

import asyncio
import time
from collections.abc import AsyncIterator

import orjson
import pytest

from etcd import (
    Client,
    CompactedError,
    Delete,
    EtcdUnavailableError,
    Event,
    OutcomeUnknownError,
    Put,
    Span,
    WatchBatch,
)
from testkit.etcd import Cluster
from testkit.patience import patient

ENDS_SECONDS = 20.0  # three on a quiet machine


async def test_changes_arrive_in_order_with_their_revisions(client: Client, folder: str) -> None:
    span = Span.prefix(folder)
    start = await client.put(folder + "a", b"1")
    async with client.watch(span, start) as batches:
        second = await client.put(folder + "a", b"2")
        await client.put("elsewhere/" + folder, b"")
        await client.delete(span)

        events = await _events(batches, 3)

    assert events[:2] == [Event(folder + "a", b"1", start), Event(folder + "a", b"2", second)]
    assert (events[2].key, events[2].value) == (folder + "a", None)


async def test_changes_of_one_txn_arrive_together(client: Client, folder: str) -> None:
    start = await client.put(folder + "b", b"")
    async with client.watch(Span.prefix(folder), start + 1) as batches:
        await client.txn([], [Put(folder + "a", b"x"), Delete(Span(folder + "b"))])

        batch = await asyncio.wait_for(anext(batches), ENDS_SECONDS)

    assert {event.key.removeprefix(folder): event.value for event in batch.events} == {
        "a": b"x",
        "b": None,
    }
    assert {event.revision for event in batch.events} == {batch.revision}


async def test_a_change_of_half_a_megabyte_arrives_whole(client: Client, folder: str) -> None:
    start = await client.put(folder + "a", b"")
    async with client.watch(Span.prefix(folder), start + 1) as batches:
        await client.put(folder + "a", b"x" * 500_000)

        events = await _events(batches, 1)

    assert events[0].value == b"x" * 500_000


async def test_a_watch_that_is_silent_for_long_still_delivers(
    client: Client, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etcd.watch.SILENCE_SECONDS", 0.05)
    start = await client.put(folder + "a", b"")
    async with client.watch(Span.prefix(folder), start + 1) as batches:
        coming = asyncio.create_task(_events(batches, 1))
        await asyncio.sleep(0.5)
        await client.put(folder + "a", b"at last")

        assert (await coming)[0].value == b"at last"


async def test_a_cancelled_watch_ends_and_leaves_the_client_usable(
    client: Client, folder: str
) -> None:
    async def watch() -> None:
        async with client.watch(Span.prefix(folder), 1) as batches:
            await _events(batches, 1)

    tasks = [asyncio.create_task(watch()) for _ in range(3)]
    await asyncio.sleep(0.2)
    for task in tasks:
        task.cancel()
    ended = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), ENDS_SECONDS)

    assert all(isinstance(result, asyncio.CancelledError) for result in ended)
    await client.put(folder + "a", b"")


@pytest.mark.usefixtures("patience")
async def test_a_revision_that_is_gone_is_told_apart(own_client: Client) -> None:
    for number in range(5):
        revision = await own_client.put("a", b"%d" % number)
    await own_client._members.write("kv/compaction", {"revision": str(revision)})

    async with own_client.watch(Span("a"), 2) as batches:
        with pytest.raises(CompactedError):
            await asyncio.wait_for(anext(batches), ENDS_SECONDS)
    with pytest.raises(CompactedError):
        await own_client.range(Span("a"), revision=2)
    with pytest.raises(CompactedError):
        async with own_client.watch(Span("a"), 3) as batches:
            await asyncio.wait_for(anext(batches), ENDS_SECONDS)


async def test_a_watch_ends_when_its_member_freezes_and_goes_on_elsewhere(
    own_cluster: Cluster, own_client: Client
) -> None:
    start = await _put_when_elected(own_client, b"1")
    async with own_client.watch(Span("a"), start) as batches:
        await _events(batches, 1)
        watched = own_cluster.urls.index(own_client._members.in_order()[0])
        own_cluster.members[watched].freeze()

        with pytest.raises(EtcdUnavailableError):
            await asyncio.wait_for(anext(batches), ENDS_SECONDS)

    revision = await _put_when_elected(own_client, b"2")
    with patient():
        async with own_client.watch(Span("a"), start + 1) as batches:
            events = await _events(batches, 1)
    own_cluster.members[watched].thaw()
    assert events[-1].revision <= revision


async def test_a_watch_through_a_member_without_majority_ends(
    own_cluster: Cluster, own_client: Client
) -> None:
    start = await _put_when_elected(own_client, b"1")
    async with own_client.watch(Span("a"), start) as batches:
        await _events(batches, 1)
        watched = own_cluster.urls.index(own_client._members.in_order()[0])
        for index, member in enumerate(own_cluster.members):
            if index != watched:
                member.kill()

        with pytest.raises(EtcdUnavailableError):
            await asyncio.wait_for(anext(batches), ENDS_SECONDS)


async def test_a_late_watch_catches_up_with_every_change(client: Client, folder: str) -> None:
    start = await client.put(folder + "a", b"{}")
    for number in range(50):
        await client.put(folder + "a", orjson.dumps({"n": number}))

    async with client.watch(Span.prefix(folder), start + 1) as batches:
        events = await _events(batches, 50)

    assert [orjson.loads(e.value or b"")["n"] for e in events] == list(range(50))


async def _events(batches: AsyncIterator[WatchBatch], count: int) -> list[Event]:
    events: list[Event] = []
    async with asyncio.timeout(30):
        while len(events) < count:
            events += (await anext(batches)).events
    return events


async def _put_when_elected(client: Client, value: bytes) -> int:
    deadline = time.monotonic() + 30
    while True:
        try:
            return await client.put("a", value)
        except (EtcdUnavailableError, OutcomeUnknownError):  # the frozen one may have led
            assert time.monotonic() < deadline, "no election"
            await asyncio.sleep(0.1)
