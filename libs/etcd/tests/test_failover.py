"""What the client does when members die, freeze or lose their majority; each with a deadline."""

import asyncio
import time

import httpx
import pytest

import etcd
from etcd import Client, EtcdUnavailableError, OutcomeUnknownError, Put, Span, absent
from testkit.etcd import Cluster

SOON_SECONDS = (
    8.0  # of a call that would otherwise wait for ever; a fraction of it on a quiet machine
)
ELECTION_SECONDS = 8.0  # about one second on a quiet machine


async def test_reads_and_writes_go_on_when_any_one_member_dies(
    own_cluster: Cluster, own_client: Client
) -> None:
    for member in own_cluster.members:
        member.kill()
        await _until_written(own_client, "a")
        assert await own_client.find("a") is not None
        member.start()
        own_cluster.wait()


async def test_without_majority_a_write_is_refused_soon_and_was_not_done(
    own_cluster: Cluster, own_client: Client
) -> None:
    await own_client.put("a", b"1")
    own_cluster.members[1].kill()
    own_cluster.members[2].kill()
    await _until_leaderless(own_cluster)

    started = time.monotonic()
    with pytest.raises(EtcdUnavailableError):
        await own_client.put("a", b"2")
    assert time.monotonic() - started < SOON_SECONDS
    with pytest.raises(EtcdUnavailableError):
        await own_client.find("a")

    left = await own_client.find("a", serializable=True)
    assert left is not None
    assert left.value == b"1"
    own_cluster.members[1].start()
    await _until_written(own_client, "b")
    unchanged = await own_client.find("a")
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
    own_cluster: Cluster,
) -> None:
    async with etcd.connect(own_cluster.urls) as client:
        await client.put("warm", b"")
        own_cluster.members[0].freeze()

        with pytest.raises(OutcomeUnknownError):
            await asyncio.wait_for(client.txn([absent("a")], [Put("a", b"1")]), 3)
        # the frozen one may have led the cluster: the others elect before they answer
        await _until_written(client, "b")

    async with etcd.connect(own_cluster.urls) as newcomer:
        assert await asyncio.wait_for(newcomer.find("b"), 3) is not None
    own_cluster.members[0].thaw()


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
    deadline = time.monotonic() + ELECTION_SECONDS
    while True:
        try:
            await client.put(key, b"written")
        except (EtcdUnavailableError, OutcomeUnknownError):
            assert time.monotonic() < deadline, "no election"
            await asyncio.sleep(0.1)
        else:
            return


async def _until_leaderless(cluster: Cluster) -> None:
    """Wait until the first member knows that nobody leads; before, it may still take a write."""
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(ELECTION_SECONDS):
        while "\netcd_server_has_leader 0" not in await _metrics(client, cluster):  # noqa: ASYNC110  # etcd has no event of ours
            await asyncio.sleep(0.05)


async def _metrics(client: httpx.AsyncClient, cluster: Cluster) -> str:
    return (await client.get(f"{cluster.urls[0]}/metrics")).text
