"""Files pass through a node; they are never in it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator

import httpx
import pytest

from testkit.contents import zeros

FILES = "/api/v1/drive/files"
MIB = 1024 * 1024
SIZE = 300 * MIB
AT_ONCE = 4
# a part, what the sockets hold, and what Python has not given back yet
ROOM_OF_ONE = 64 * MIB


async def resident(node: httpx.AsyncClient) -> int:
    """Bytes of memory that the node holds."""
    metrics = (await node.get("/metrics")).text.splitlines()
    (line,) = (m for m in metrics if m.startswith("process_resident_memory_bytes "))
    return int(float(line.split()[1]))


async def highest(node: httpx.AsyncClient, while_: asyncio.Task[None]) -> int:
    """Return the most memory that the node held until the task ended."""
    most = 0
    while not while_.done():
        most = max(most, await resident(node))
        await asyncio.sleep(0.05)
    await while_
    return most


async def upload(node: httpx.AsyncClient, name: str, size: int) -> int:
    headers = {"Content-Length": str(size)}
    answer = await node.post(FILES, params={"name": name}, content=zeros(size), headers=headers)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def chunks(node: httpx.AsyncClient, file: int) -> AsyncIterator[bytes]:
    async with node.stream("GET", f"{FILES}/{file}/content?redirect=false") as answer:
        async for chunk in answer.aiter_raw():
            yield chunk


@pytest.mark.feature("DISK-03")
async def test_a_big_file_passes_through_a_node_in_little_memory(
    nodes: list[httpx.AsyncClient],
) -> None:
    node = nodes[0]
    await upload(node, "warm", MIB)
    before = await resident(node)

    async def up_and_down() -> None:
        file = await upload(node, "big", SIZE)
        found, size = hashlib.sha256(), 0
        async for chunk in chunks(node, file):
            found.update(chunk)
            size += len(chunk)
        assert size == SIZE
        assert (await node.get(f"{FILES}/{file}")).json()["sha256"] == found.hexdigest()

    most = await highest(node, asyncio.create_task(up_and_down()))

    assert most - before < ROOM_OF_ONE


async def test_many_uploads_hold_a_part_each(nodes: list[httpx.AsyncClient]) -> None:
    node = nodes[0]
    await upload(node, "warm", MIB)
    before = await resident(node)

    async def all_at_once() -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(AT_ONCE):
                group.create_task(upload(node, f"big {number}", 60 * MIB))

    most = await highest(node, asyncio.create_task(all_at_once()))

    assert most - before < AT_ONCE * ROOM_OF_ONE // 2
