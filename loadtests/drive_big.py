"""A file of 5 GiB up and down through the front door, with its checksum, and the memory of the nodes.

``PORTICO_SETTINGS=... python loadtests/drive_big.py [--gib 5] [--parts]`` on a running cluster: signs up a
portal, sends the file in one request (or in parts, with the checksum of the whole), reads it back, and
deletes it. Ends non-zero if a checksum differs or a node grew by more than ``--room`` MiB.
"""

import argparse
import asyncio
import hashlib
import itertools
import random
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from kernel import settings
from kernel.settings import Settings
from testkit.portals import TestPortal, door_url, node_urls, sign_up

MIB = 1024**2
FILES, UPLOADS = "/api/v1/drive/files", "/api/v1/drive/uploads"
# gone quiet, not slow: 5 GiB may take as long as they take
TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=300)


@dataclass
class Watch:
    """Memory of every web node, sampled."""

    urls: list[str]
    before: dict[str, int] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)

    async def sample(self, client: aiohttp.ClientSession) -> None:
        """Take one sample of each node."""
        for url in self.urls:
            async with client.get(f"{url}/metrics") as answer:
                lines = (await answer.text()).splitlines()
            (line,) = (m for m in lines if m.startswith("process_resident_memory_bytes "))
            now = int(float(line.split()[1]))
            self.before.setdefault(url, now)
            self.most[url] = max(now, self.most.get(url, 0))

    async def run(self) -> None:
        """Sample until cancelled."""
        async with aiohttp.ClientSession() as client:
            while True:
                await self.sample(client)
                await asyncio.sleep(0.25)


async def main() -> int:
    """Send, read back, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=5.0, help="size of the file")
    parser.add_argument("--parts", action="store_true", help="in parts instead of one request")
    parser.add_argument("--room", type=int, default=96, help="MiB that a node may grow by")
    options = parser.parse_args()
    installation = settings.load()
    size = int(options.gib * 1024**3)
    watch = Watch([u for s in installation.datacentres for u in node_urls(installation, s.name)])
    portal = await sign_up(installation)
    async with (
        portal.client,
        client_of(installation, portal) as client,
        aiohttp.ClientSession() as own,
    ):
        await watch.sample(own)
        watching = asyncio.create_task(watch.run())
        expected = digest_of(size)
        up = send_in_parts(client, size, expected) if options.parts else send(client, size)
        file = await timed("up", size, up)
        found = await timed("down", size, read(client, file["id"]))
        watching.cancel()
        (await client.delete(f"{FILES}/{file['id']}")).raise_for_status()
    equal = expected == file["sha256"] == found
    print(f"sha-256 {'equal' if equal else 'DIFFERENT'}: {found}")
    grown = {url: (watch.most[url] - watch.before[url]) / MIB for url in watch.urls}
    for url in watch.urls:
        print(f"{url}  before {watch.before[url] / MIB:.0f} MiB, grew by {grown[url]:.0f} MiB")
    return 0 if equal and max(grown.values()) <= options.room else 1


def client_of(installation: Settings, portal: TestPortal) -> aiohttp.ClientSession:
    """Return a client of the portal's administrator at the front door."""
    headers = {"Host": portal.host, "Authorization": f"Bearer {portal.token}"}
    return aiohttp.ClientSession(
        door_url(installation), headers=headers, timeout=TIMEOUT, read_bufsize=MIB
    )


def contents(size: int) -> Iterator[bytes]:
    """Yield ``size`` bytes, the same each time; no two MiB of them are equal."""
    block = random.Random(size).randbytes(MIB)  # noqa: S311  # not a secret
    for number in itertools.count():
        left = size - number * MIB
        if left <= 0:
            return
        yield (number.to_bytes(8, "big") + block[8:])[:left]


def digest_of(size: int) -> str:
    """Return the SHA-256 of the contents."""
    whole = hashlib.sha256()
    for chunk in contents(size):
        whole.update(chunk)
    return whole.hexdigest()


async def send(client: aiohttp.ClientSession, size: int) -> dict[str, Any]:
    """Upload in one request."""

    async def body() -> AsyncIterator[bytes]:
        for chunk in contents(size):
            yield chunk

    headers = {"Content-Length": str(size)}
    async with client.post(
        FILES, params={"name": "big.bin"}, data=body(), headers=headers
    ) as answer:
        answer.raise_for_status()
        file: dict[str, Any] = await answer.json()
        return file


async def send_in_parts(client: aiohttp.ClientSession, size: int, sha256: str) -> dict[str, Any]:
    """Upload part by part; the server reads the whole back to check it."""
    body = {"name": "big.bin", "size": size, "sha256": sha256}
    async with client.post(UPLOADS, json=body) as answer:
        answer.raise_for_status()
        upload = await answer.json()
    chunks = contents(size)
    for number in range(1, upload["parts"] + 1):
        part = b"".join(itertools.islice(chunks, upload["part_size"] // MIB))
        async with client.put(f"{UPLOADS}/{upload['id']}/parts/{number}", data=part) as answer:
            answer.raise_for_status()
    async with client.post(f"{UPLOADS}/{upload['id']}/completion") as answer:
        answer.raise_for_status()
        file: dict[str, Any] = await answer.json()
        return file


async def read(client: aiohttp.ClientSession, file: int) -> str:
    """Download through the nodes, whose memory we watch, and return the SHA-256."""
    whole = hashlib.sha256()
    async with client.get(f"{FILES}/{file}/content?redirect=false") as answer:
        answer.raise_for_status()
        async for chunk in answer.content.iter_any():
            whole.update(chunk)
    return whole.hexdigest()


async def timed(what: str, size: int, work: Any) -> Any:
    """Do the work and print how fast it was."""
    started = time.monotonic()
    result = await work
    seconds = time.monotonic() - started
    print(f"{what:5} {size / MIB:.0f} MiB in {seconds:.1f} s: {size / MIB / seconds:.0f} MiB/s")
    return result


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
