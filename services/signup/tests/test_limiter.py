"""The limit per address, over several nodes and a real etcd."""

import asyncio
import ipaddress
import time
from collections.abc import AsyncIterator
from functools import partial
from uuid import uuid4

import pytest

import etcd
from etcd import Client, Span
from kernel.errors import TooManyRequestsError, UnavailableError
from signup.limiter import Limiter, subject
from signup.patience import patiently
from testkit import addresses
from testkit.etcd import Cluster

PER_MINUTE = 5


@pytest.fixture
async def hasty_client(own_etcd: Cluster) -> AsyncIterator[Client]:
    """With the time limits of the product."""
    async with etcd.connect(own_etcd.urls) as client:
        yield client


@pytest.fixture
async def other_client(own_etcd: Cluster) -> AsyncIterator[Client]:
    async with etcd.connect(own_etcd.urls) as client:
        yield client


@pytest.fixture
def address() -> str:
    """An address nobody else has: of the network kept for documentation."""
    return str(ipaddress.IPv6Address((0x20010DB8 << 96) | (uuid4().int >> 32)))


async def admitted(*attempts: tuple[Limiter, str]) -> int:
    """Let all try at once; return how many are admitted."""
    results = await asyncio.gather(*(n.admit(a) for n, a in attempts), return_exceptions=True)
    failures = [r for r in results if r is not None]
    others = [(f, f.__cause__) for f in failures if not isinstance(f, TooManyRequestsError)]
    assert others == []
    return len(results) - len(failures)


async def test_the_sixth_in_a_minute_is_told_when_to_come_back(
    client: Client, address: str
) -> None:
    limiter, began_at = Limiter(client, per_minute=PER_MINUTE), time.monotonic()
    for _ in range(PER_MINUTE):
        await limiter.admit(address)

    with pytest.raises(TooManyRequestsError) as refused:
        await limiter.admit(address)

    took = time.monotonic() - began_at
    assert 59 - took <= refused.value.retry_after <= 60


async def test_twenty_at_once_on_two_nodes_share_one_limit(
    client: Client, other_client: Client, address: str
) -> None:
    nodes = [Limiter(c, per_minute=PER_MINUTE) for c in (client, other_client)]

    assert await admitted(*((n, address) for n in nodes * 10)) == PER_MINUTE


async def test_forty_at_once_all_pass_where_the_limit_is_high(
    client: Client, other_client: Client, address: str
) -> None:
    nodes = [Limiter(c, per_minute=600) for c in (client, other_client)]

    assert await admitted(*((n, address) for n in nodes * 20)) == 40


async def test_others_are_not_held_up(client: Client, address: str) -> None:
    limiter = Limiter(client, per_minute=1)
    await limiter.admit(address)

    await limiter.admit("198.51.100.1")


async def test_the_state_vanishes_by_itself_within_a_minute(client: Client, address: str) -> None:
    await Limiter(client, per_minute=PER_MINUTE).admit(address)

    (kv,) = (await client.range(Span(f"limit/signup/{subject(address)}"))).kvs
    assert 0 < await client.keep_alive(kv.lease) <= 60


async def test_a_short_silence_of_etcd_turns_nobody_away(
    own_etcd: Cluster, hasty_client: Client, address: str
) -> None:
    """Longer than the client itself asks again, as when a disk stands still."""
    admit = partial(Limiter(hasty_client, per_minute=PER_MINUTE).admit, address)
    for member in own_etcd.members:
        member.freeze()
    try:
        with pytest.raises(UnavailableError):
            await admit()
        waiting = asyncio.create_task(patiently(admit))
        await asyncio.sleep(1)
    finally:
        for member in own_etcd.members:
            member.thaw()
    async with asyncio.timeout(20):
        await waiting


async def test_without_etcd_nobody_is_admitted() -> None:
    (silent,) = addresses.private(1)
    async with etcd.connect([f"http://{silent}:12379"]) as client:
        with pytest.raises(UnavailableError):
            await Limiter(client, per_minute=PER_MINUTE).admit("198.51.100.1")


@pytest.mark.parametrize(
    ("address", "limited"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("", "unknown"),
        ("../../portal", "unknown"),
    ],
)
def test_what_is_limited_is_what_one_customer_has(address: str, limited: str) -> None:
    assert subject(address) == limited
