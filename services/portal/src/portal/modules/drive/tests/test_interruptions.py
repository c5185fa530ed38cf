"""Senders that leave or dawdle, nodes that are full, commits whose end nobody saw."""

import asyncio
from contextlib import AsyncExitStack

import httpx
import pytest

from blobs.bucket import Bucket
from blobs.uploads import PART_BYTES
from db import fence
from db.errors import OutcomeUnknownError
from kernel.ids import PortalId
from kernel.settings import Settings
from portal.modules.drive.service.receiving import undone_unless_kept
from portal.modules.drive.service.slots import MOST_OF_A_PORTAL
from testkit.bare_portals import connected
from testkit.portals import TestPortal

FILES = "/api/v1/drive/files"
SOON_SECONDS = 30.0


async def begin(
    portal: TestPortal, node: httpx.AsyncClient, size: int
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Begin an upload of so many bytes, and send none yet."""
    reader, writer = await asyncio.open_connection(node.base_url.host, node.base_url.port)
    head = (
        f"POST {FILES}?name=slow.bin&on_conflict=rename HTTP/1.1\r\nHost: {portal.host}\r\n"
        f"Authorization: Bearer {portal.token}\r\nContent-Length: {size}\r\n\r\n"
    )
    writer.write(head.encode())
    await writer.drain()
    return reader, writer


async def under_way(node: httpx.AsyncClient) -> int:
    """Uploads that the node receives."""
    metrics = (await node.get("/metrics")).text.splitlines()
    (line,) = (m for m in metrics if m.startswith("portal_drive_uploads "))
    return int(float(line.split()[1]))


async def wait_for_uploads(node: httpx.AsyncClient, count: int) -> None:
    async with asyncio.timeout(SOON_SECONDS):
        while await under_way(node) != count:  # noqa: ASYNC110  # a metric sets no event
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("sent", [1000, PART_BYTES + 1000])
async def test_nothing_is_kept_of_a_sender_who_leaves(
    portal: TestPortal, nodes: list[httpx.AsyncClient], bucket: Bucket, sent: int
) -> None:
    _, writer = await begin(portal, nodes[0], 3 * PART_BYTES)
    writer.write(bytes(sent))
    await writer.drain()
    await wait_for_uploads(nodes[0], 1)

    writer.close()

    await wait_for_uploads(nodes[0], 0)
    assert (await nodes[0].get(FILES)).json()["items"] == []
    assert (await bucket.list()).blobs == ()
    shown = (await nodes[0].get("/api/v1/drive/usage")).json()
    assert (shown["bytes"], shown["files"]) == (0, 0)


async def test_a_full_node_says_come_again_at_once(
    portal: TestPortal, nodes: list[httpx.AsyncClient]
) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(MOST_OF_A_PORTAL):
            _, writer = await begin(portal, nodes[0], 2 * PART_BYTES)
            stack.callback(writer.close)
        await wait_for_uploads(nodes[0], MOST_OF_A_PORTAL)

        answer = await nodes[0].post(FILES, params={"name": "a"}, content=b"x")

        assert (answer.status_code, answer.json()["code"]) == (503, "drive-busy")
        assert int(answer.headers["retry-after"]) >= 1
    await wait_for_uploads(nodes[0], 0)
    assert (await nodes[0].post(FILES, params={"name": "a"}, content=b"x")).status_code == 201


async def test_nothing_is_kept_of_a_big_file_whose_portal_moves_meanwhile(
    settings: Settings, portal: TestPortal, nodes: list[httpx.AsyncClient], bucket: Bucket
) -> None:
    fence_row = fence.portal_row(PortalId(portal.id))
    async with connected(settings, "signup", "portico_provision", "portico_fence") as provision:
        async with provision.connection() as connection:
            await fence.set_local(connection, fence_row, 1, "closed")

        answer = await nodes[0].post(FILES, params={"name": "a"}, content=bytes(3 * 1024**2))

        assert (answer.status_code, answer.json()["code"]) == (503, "stale-route")
        assert (await bucket.list()).blobs == ()
        async with provision.connection() as connection:
            await fence.set_local(connection, fence_row, 1, "open")
    assert (await nodes[0].post(FILES, params={"name": "a"}, content=b"x")).status_code == 201


class Undone:
    """Notes whether something was undone."""

    def __init__(self) -> None:
        self.done = False

    async def __call__(self) -> None:
        self.done = True


async def test_what_got_its_row_stays() -> None:
    undo = Undone()
    async with undone_unless_kept(undo) as pending:
        pending.keep()
    assert not undo.done


async def test_what_got_no_row_is_undone() -> None:
    undo = Undone()
    async with undone_unless_kept(undo):
        pass
    assert undo.done


async def test_what_failed_to_get_its_row_is_undone() -> None:
    undo = Undone()
    with pytest.raises(RuntimeError):
        await fail(undo, RuntimeError())
    assert undo.done


async def test_what_may_have_got_its_row_stays() -> None:
    undo = Undone()
    with pytest.raises(OutcomeUnknownError):
        await fail(undo, OutcomeUnknownError())
    assert not undo.done


async def fail(undo: Undone, error: Exception) -> None:
    """Write the row, and fail to commit it."""
    async with undone_unless_kept(undo) as pending:
        pending.keep()
        raise error
