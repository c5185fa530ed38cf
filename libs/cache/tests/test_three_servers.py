"""Three memcached servers, one of which dies."""

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from cache import Cache
from kernel.ids import PortalId
from testkit import addresses

PORTAL = PortalId(7)
KEYS = [f"key-{n}" for n in range(300)]
STARTED_WITHIN_SECONDS = 30
PORT = 21211

Server = tuple[str, int]


@pytest.fixture
def servers() -> Iterator[list[tuple[Server, subprocess.Popen[bytes]]]]:
    memcached = shutil.which("memcached")
    assert memcached is not None
    with ExitStack() as stack:
        started = []
        for host in addresses.private(3):
            command = [memcached, "-l", host, "-p", str(PORT), "-U", "0", "-u", "nobody"]
            process = stack.enter_context(subprocess.Popen(command))  # noqa: S603  # found above
            stack.callback(process.kill)
            started.append(((host, PORT), process))
        for server, _ in started:
            until_it_listens(server)
        yield started


def until_it_listens(server: Server) -> None:
    """Wait: one that is asked too early is left out for five seconds."""
    deadline = time.monotonic() + STARTED_WITHIN_SECONDS
    while True:
        with socket.socket() as client:
            if client.connect_ex(server) == 0:
                return
        assert time.monotonic() < deadline, f"{server} does not listen"
        time.sleep(0.05)


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
    servers: list[tuple[Server, subprocess.Popen[bytes]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cache.memcached.TIMEOUT_SECONDS", 10.0)  # only a dead one is left out
    cache = Cache([address for address, _ in servers])
    async with asyncio.timeout(90):
        await until_they_answer(cache)
        servers[0][1].kill()
        left = await hits(cache)
        assert len(KEYS) / 3 < left < len(KEYS)
        await until_they_answer(cache)  # each thread finds out for itself who is dead
    cache.close()
