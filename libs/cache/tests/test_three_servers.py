"""Three memcached servers, one of which dies."""

import asyncio
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from cache import Cache
from kernel.ids import PortalId

PORTAL = PortalId(7)
KEYS = [f"key-{n}" for n in range(300)]
STARTED_WITHIN_SECONDS = 15

Server = tuple[str, int]


@pytest.fixture
def servers() -> Iterator[list[tuple[Server, subprocess.Popen[bytes]]]]:
    memcached = shutil.which("memcached")
    assert memcached is not None
    with ExitStack() as stack:
        started = []
        for _ in range(3):
            with closing(socket.socket()) as free:
                free.bind(("127.0.0.1", 0))
                host, port = free.getsockname()
            command = [memcached, "-l", host, "-p", str(port), "-U", "0", "-u", "nobody"]
            process = stack.enter_context(subprocess.Popen(command))  # noqa: S603  # found above
            stack.callback(process.kill)
            started.append(((host, port), process))
        yield started


async def until_they_answer(cache: Cache) -> None:
    async with asyncio.timeout(STARTED_WITHIN_SECONDS):
        while await hits(cache) < len(KEYS):
            await fill(cache)


async def fill(cache: Cache) -> None:
    for key in KEYS:
        await cache.put(PORTAL, key, key.encode(), 600)


async def hits(cache: Cache) -> int:
    found = [await cache.get(PORTAL, key) for key in KEYS]
    assert all(v is None or v == k.encode() for k, v in zip(KEYS, found, strict=True))
    return sum(v is not None for v in found)


@pytest.mark.feature("ARCH-04")
async def test_one_of_three_dies_without_an_error_and_the_hit_rate_recovers(
    servers: list[tuple[Server, subprocess.Popen[bytes]]],
) -> None:
    addresses = [address for address, _ in servers]
    cache = Cache(addresses)
    async with asyncio.timeout(60):
        await asyncio.sleep(0.5)  # a server not up yet would be left out for five seconds
        await until_they_answer(cache)
        servers[0][1].kill()
        left = await hits(cache)
        assert len(KEYS) / 3 < left < len(KEYS)
        await until_they_answer(cache)  # each thread finds out for itself who is dead
    cache.close()
