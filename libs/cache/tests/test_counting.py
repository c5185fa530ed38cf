"""Values that many change at once: none of the changes is lost, and a dead server costs only them."""

import asyncio
import secrets
import socket
from collections.abc import Iterator

import pytest

from cache import Cache
from kernel.ids import PortalId
from kernel.settings import Settings

MINE = PortalId(1)


@pytest.fixture
def caches(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Cache]]:
    """Two nodes' caches on the same server."""
    monkeypatch.setattr(
        "cache.memcached.TIMEOUT_SECONDS", 10.0
    )  # else it forgets on a busy machine
    servers = [(s.address, settings.ports.memcached) for s in settings.datacentres[:1]]
    opened = [Cache(servers), Cache(servers)]
    yield opened
    for cache in opened:
        cache.close()


def one_more(value: bytes | None) -> bytes:
    return str(int(value or 0) + 1).encode()


async def test_changes_of_two_nodes_are_all_kept(caches: list[Cache]) -> None:
    key, kept = secrets.token_hex(8), 0
    for _ in range(40):
        done = await asyncio.gather(*(cache.change(MINE, key, one_more, 60) for cache in caches))
        kept += sum(found is not None for found in done)
    assert kept == 80
    assert await caches[0].get(MINE, key) == b"80"


async def test_what_stands_beside_is_read_in_the_same_trip(caches: list[Cache]) -> None:
    key = secrets.token_hex(8)
    await caches[0].put(MINE, f"{key}-a", b"1", 60)
    found = await caches[0].change(MINE, key, one_more, 60, beside=[f"{key}-a", f"{key}-b"])
    assert found == {f"{key}-a": b"1"}


async def test_a_value_may_be_left_as_it_is(caches: list[Cache]) -> None:
    key = secrets.token_hex(8)
    await caches[0].put(MINE, key, b"5", 60)
    assert await caches[0].change(MINE, key, lambda _: None, 60) == {}
    assert await caches[0].get(MINE, key) == b"5"


async def test_a_dead_server_keeps_nothing_and_holds_nobody_up() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        cache = Cache([closed.getsockname()])
        async with asyncio.timeout(20):
            assert await cache.change(MINE, "x", one_more, 60) is None
        cache.close()
