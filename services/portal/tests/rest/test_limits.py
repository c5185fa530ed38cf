"""Limits of the plan: requests of an address, and the work of a method."""

import asyncio
import secrets
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from cache import Cache, memcached
from kernel.ids import PortalId
from kernel.settings import Settings
from portal.rest import limits
from portal.rest.limits import Allowance, Guest, Limits, OperationTimeError, QueryLimitError

from .in_process import CODE, NOBODY_LISTENS, Here
from .test_dispatch import error_of

ALLOWANCE = Allowance(burst=5, per_second=0.001, operating_seconds=10)
GUEST = Guest(PortalId(1), "10.0.0.1", "webhook/7")


@pytest.fixture
def cache() -> Iterator[Cache]:
    """A cache that always fails: the node counts for itself."""
    opened = Cache([NOBODY_LISTENS])
    yield opened
    opened.close()


async def admitted(
    counts: Limits, cache: Cache, guest: Guest, times: int, allowance: Allowance = ALLOWANCE
) -> int:
    done = 0
    for _ in range(times):
        try:
            await counts.admit(cache, guest, allowance)
            done += 1
        except QueryLimitError:
            pass
    return done


async def test_a_bucket_holds_what_the_plan_says_per_portal_and_address(cache: Cache) -> None:
    counts = Limits()
    assert await admitted(counts, cache, GUEST, 20) == 5
    assert await admitted(counts, cache, replace(GUEST, address="10.0.0.2"), 20) == 5
    assert await admitted(counts, cache, replace(GUEST, portal=PortalId(2)), 20) == 5


async def test_many_at_once_are_counted_one_by_one(cache: Cache) -> None:
    counts = Limits()
    done = await asyncio.gather(*(admitted(counts, cache, GUEST, 1) for _ in range(300)))
    assert sum(done) == 5


async def test_a_bucket_drains(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    counts, now = Limits(), 1_000.0
    monkeypatch.setattr(time, "time", lambda: now)
    slow = Allowance(burst=2, per_second=0.5)
    for second, admitted_now in ((0, 2), (1, 0), (2, 1), (10, 2)):
        now = 1_000.0 + second
        assert await admitted(counts, cache, GUEST, 5, slow) == admitted_now


async def test_no_limit_is_no_limit(cache: Cache) -> None:
    counts = Limits()
    for _ in range(100):
        assert await counts.admit(cache, GUEST, Allowance(), ["a"]) == {}


async def test_the_work_of_a_method_is_counted_for_each_webhook(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts, now = Limits(), 6_000_000.0
    monkeypatch.setattr(time, "time", lambda: now)
    free = Allowance(operating_seconds=10)
    for minute in range(4):
        now = 6_000_000.0 + 60 * minute
        counts.note(cache, GUEST, free, {"a": 3.0})
    spent = await counts.admit(cache, GUEST, free, ["a", "b"])
    assert (spent["a"].seconds, spent["b"].seconds) == (12.0, 0.0)
    assert spent["a"].reset_at == 6_000_600
    with pytest.raises(OperationTimeError):
        limits.require_time(free, spent["a"])
    limits.require_time(free, spent["b"])
    other = await counts.admit(cache, replace(GUEST, leave="webhook/8"), free, ["a"])
    assert other["a"].seconds == 0.0
    now = 6_000_600.0
    assert (await counts.admit(cache, GUEST, free, ["a"]))["a"].seconds == 9.0


async def test_too_many_requests_are_the_documented_error() -> None:
    here = Here(allowance=ALLOWANCE)
    async with here.client() as client, here.client("10.0.0.9") as elsewhere:
        url = f"/rest/1/{CODE}/scope"
        answers = [await client.get(url) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [503]
        assert error_of(answers[-1]) == (503, "QUERY_LIMIT_EXCEEDED")
        assert (await elsewhere.get(url)).status_code == 200


async def test_a_batch_counts_as_one() -> None:
    here = Here(allowance=ALLOWANCE)
    for _ in range(5):
        answer = await here.call("batch", {"cmd": ["scope"] * 50})
        assert len(answer.json()["result"]["result"]) == 50
    assert error_of(await here.call("batch", {"cmd": []})) == (503, "QUERY_LIMIT_EXCEEDED")


async def test_who_guesses_codes_is_counted_too() -> None:
    here = Here(allowance=ALLOWANCE)
    async with here.client() as client:
        answers = [await client.get("/rest/1/guess/scope") for _ in range(6)]
    assert [error_of(answer)[0] for answer in answers] == [401] * 5 + [503]


async def test_a_method_that_used_up_its_time_is_refused_alone_and_in_a_batch() -> None:
    here = Here(allowance=Allowance(operating_seconds=0))
    assert error_of(await here.call("scope")) == (429, "OPERATION_TIME_LIMIT")
    answer = await Here(allowance=Allowance(operating_seconds=1)).call("thing.echo")
    assert answer.json()["time"]["operating"] > 0


@pytest.fixture
def shared(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cache]:
    """The cache of a datacentre, on which we wait however busy the machine is."""
    monkeypatch.setattr(memcached, "TIMEOUT_SECONDS", 30.0)
    opened = Cache([(settings.datacentres[0].address, settings.ports.memcached)])
    yield opened
    opened.close()


async def test_two_nodes_add_up_the_work_of_a_method(
    shared: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SENT_EACH_SECONDS", 0.01)
    free, guest = Allowance(operating_seconds=10), replace(GUEST, leave=secrets.token_hex(8))

    async def known(counts: Limits) -> float:
        return (await counts.admit(shared, guest, free, ["a"]))["a"].seconds

    nodes = Limits(), Limits()
    for times, node in enumerate((*nodes, *nodes), 1):
        node.note(shared, guest, free, {"a": 2.0})
        async with asyncio.timeout(30):
            while await known(Limits()) < 2.0 * times:  # noqa: ASYNC110  # memcached has no events
                await asyncio.sleep(0.01)
    assert [await known(node) for node in (*nodes, Limits())] == [8.0] * 3


async def test_work_that_is_told_in_the_next_minute_counts_once(
    shared: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SENT_EACH_SECONDS", 0.01)
    now = 6_000_059.0
    monkeypatch.setattr(time, "time", lambda: now)
    free, guest = Allowance(operating_seconds=10), replace(GUEST, leave=secrets.token_hex(8))
    node, other = Limits(), Limits()
    node.note(shared, guest, free, {"a": 2.0})
    now = 6_000_060.0
    async with asyncio.timeout(30):
        while (await other.admit(shared, guest, free, ["a"]))["a"].seconds < 2.0:  # noqa: ASYNC110  # memcached has no events
            await asyncio.sleep(0.01)
    assert (await node.admit(shared, guest, free, ["a"]))["a"].seconds == 2.0


async def test_two_nodes_share_a_bucket(shared: Cache) -> None:
    guest = replace(GUEST, address=secrets.token_hex(8))
    nodes = Limits(), Limits()
    done = await asyncio.gather(*(admitted(nodes[n % 2], shared, guest, 1) for n in range(40)))
    # a node that lost a race four times counts alone; two that always do admit ten
    assert 5 <= sum(done) < 10
