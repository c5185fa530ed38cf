"""What the client does when members die, freeze or lose their majority; each with a deadline."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx
import pytest

import etcd
from etcd import Client, EtcdUnavailableError, OutcomeUnknownError, Put, Span, absent
from testkit.etcd import Cluster

T = TypeVar("T")
# of a call that would otherwise wait for ever; a fraction of it on a quiet machine
SOON_SECONDS = 20.0
ELECTION_SECONDS = 30.0  # about one second on a quiet machine


async def test_reads_and_writes_go_on_when_any_one_member_dies(
    own_cluster: Cluster, own_client: Client
) -> None:
    for member in own_cluster.members:
        member.kill()
        await _until_written(own_client, "a")
        assert await _answered(lambda: own_client.find("a")) is not None
        member.start()
        own_cluster.wait()


async def test_without_majority_a_write_is_refused_soon_and_was_not_done(
    own_cluster: Cluster, own_client: Client
) -> None:
    await _answered(lambda: own_client.put("a", b"1"))
    own_cluster.members[1].kill()
    own_cluster.members[2].kill()
    await _until_leaderless(own_cluster)

    started = time.monotonic()
    await _refused(own_client, "a", b"2")
    assert time.monotonic() - started < SOON_SECONDS
    with pytest.raises(EtcdUnavailableError):
        await own_client.find("a")

    left = await _answered(lambda: own_client.find("a", serializable=True))
    assert left is not None
    assert left.value == b"1"
    own_cluster.members[1].start()
    await _until_written(own_client, "b")
    unchanged = await _answered(lambda: own_client.find("a"))
    assert unchanged is not None
    assert unchanged.value == b"1"


async def test_with_all_members_dead_each_call_fails_at_once(
    own_cluster: Cluster, own_client: Client
) -> None:
    own_cluster.kill()

    started = time.monotonic()
    with pytest.raises(EtcdUnavailableError):
        await own_client.put("a", b"1")
    with pytest.raises(EtcdUnavailableError):
        await own_client.find("a", serializable=True)
    with pytest.raises(EtcdUnavailableError):
        async with own_client.watch(Span("a"), 1):
            pytest.fail("nobody is there to watch")
    assert time.monotonic() - started < SOON_SECONDS


async def test_a_frozen_member_makes_a_write_unknown_but_a_read_only_slower(
    own_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    # three times what they are, so that only the frozen member is too slow
    monkeypatch.setattr("etcd.members.ATTEMPT_SECONDS", 3.0)
    monkeypatch.setattr("etcd.members.TOTAL_SECONDS", 6.0)
    async with etcd.connect(own_cluster.urls) as client:
        await _answered(lambda: client.put("warm", b""))
        order = client._members.in_order()
        frozen = own_cluster.members[own_cluster.urls.index(order[0])]
        frozen.freeze()

        with pytest.raises(OutcomeUnknownError):
            await asyncio.wait_for(client.txn([absent("a")], [Put("a", b"1")]), SOON_SECONDS)
        # the frozen one may have led the cluster: the others elect before they answer
        await _until_written(client, "b")

    async with etcd.connect(order) as newcomer:
        assert await asyncio.wait_for(newcomer.find("b"), SOON_SECONDS) is not None
    frozen.thaw()


async def test_a_cancelled_write_gives_its_connection_back(
    own_cluster: Cluster, own_client: Client
) -> None:
    for member in own_cluster.members:
        member.freeze()
    writes = [
        asyncio.create_task(own_client.put("a", b"1")) for _ in range(etcd.client.CONNECTIONS)
    ]
    await asyncio.sleep(0.1)
    for write in writes:
        write.cancel()
    await asyncio.gather(*writes, return_exceptions=True)
    for member in own_cluster.members:
        member.thaw()

    await _until_written(own_client, "b")


async def _until_written(client: Client, key: str) -> None:
    await _answered(lambda: client.put(key, b"written"))


async def _answered(call: Callable[[], Awaitable[T]]) -> T:
    """Repeat what an election or a busy machine keeps from being answered."""
    deadline = time.monotonic() + ELECTION_SECONDS
    while True:
        try:
            return await call()
        except (EtcdUnavailableError, OutcomeUnknownError):
            assert time.monotonic() < deadline, "no election"
            await asyncio.sleep(0.1)


async def _refused(client: Client, key: str, value: bytes) -> None:
    """Write until a member says that it cannot; one that is slow to say so is asked again."""
    deadline = time.monotonic() + SOON_SECONDS
    while time.monotonic() < deadline:
        try:
            await client.put(key, value)
        except OutcomeUnknownError:
            continue
        except EtcdUnavailableError:
            return
        pytest.fail("it was written without a majority")
    pytest.fail("nobody refuses it")


async def _until_leaderless(cluster: Cluster) -> None:
    """Wait until the first member knows that nobody leads; before, it may still take a write."""
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(ELECTION_SECONDS):
        while "\netcd_server_has_leader 0" not in await _metrics(client, cluster):  # noqa: ASYNC110  # etcd has no event of ours
            await asyncio.sleep(0.05)


async def _metrics(client: httpx.AsyncClient, cluster: Cluster) -> str:
    return (await client.get(f"{cluster.urls[0]}/metrics")).text
