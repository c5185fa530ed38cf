"""A cache may forget, never lie, and never hold anybody up."""

import asyncio
import secrets
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cache import Cache
from cache.memcached import LONGEST_KEY, _name
from kernel.ids import PortalId
from kernel.settings import Settings

MINE, THEIRS = PortalId(1), PortalId(2)


@pytest.fixture
def cache(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cache]:
    monkeypatch.setattr(
        "cache.memcached.TIMEOUT_SECONDS", 10.0
    )  # else it forgets on a busy machine
    servers = [(s.address, settings.ports.memcached) for s in settings.datacentres]
    opened = Cache(servers)
    yield opened
    opened.close()


async def test_a_value_is_there_for_its_portal_only(cache: Cache) -> None:
    key = secrets.token_hex(8)
    await cache.put(MINE, key, b"mine", 60)
    assert await cache.get(MINE, key) == b"mine"
    assert await cache.get(THEIRS, key) is None


async def test_a_dropped_value_is_gone(cache: Cache) -> None:
    key = secrets.token_hex(8)
    await cache.put(MINE, key, b"x", 60)
    await cache.drop(MINE, key)
    assert await cache.get(MINE, key) is None


async def test_a_key_of_any_length_and_letters_is_kept(cache: Cache) -> None:
    key = "ключ с пробелом " * 50
    await cache.put(MINE, key, b"x", 60)
    assert await cache.get(MINE, key) == b"x"


@given(st.integers(1, 2**63 - 1), st.integers(1, 2**63 - 1), st.text(), st.text())
def test_no_two_portals_share_a_name(one: int, other: int, a: str, b: str) -> None:
    if one != other:
        assert _name(PortalId(one), a) != _name(PortalId(other), b)
    assert len(_name(PortalId(one), a)) <= LONGEST_KEY


async def test_a_dead_server_is_a_miss_for_many_at_once() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = closed.getsockname()  # refused while it is bound, and nobody else's
        for _ in range(20):
            cache = Cache([nobody])
            assert await asyncio.gather(*(cache.get(MINE, "x") for _ in range(50))) == [None] * 50
            cache.close()


async def test_a_dead_server_is_a_miss() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        cache = Cache([closed.getsockname()])
        await cache.put(MINE, "x", b"x", 60)
        assert await cache.get(MINE, "x") is None
        cache.close()


async def test_a_hung_server_does_not_hold_the_event_loop() -> None:
    with socket.socket() as hung:
        hung.bind(("127.0.0.1", 0))
        hung.listen()  # accepts, and never answers
        cache = Cache([hung.getsockname()])
        looking = asyncio.create_task(cache.get(MINE, "x"))
        turns = 0
        async with asyncio.timeout(10):
            while not looking.done():
                await asyncio.sleep(0.001)
                turns += 1
        assert looking.result() is None
        assert turns > 1, "nothing else ran while it waited"
        cache.close()
