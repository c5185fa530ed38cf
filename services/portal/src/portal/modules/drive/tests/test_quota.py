import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest

from blobs.bucket import Bucket
from testkit.contents import random_bytes, stream
from testkit.portals import TestPortal

FILES = "/api/v1/drive/files"
UPLOADS = "/api/v1/drive/uploads"
LIMIT = 5_000_000

SetLimit = Callable[[int], Awaitable[None]]


@pytest.fixture(autouse=True)
async def limited(set_limit: SetLimit) -> None:
    """The plan's 5 GB, a thousandth of it."""
    await set_limit(LIMIT)


async def put(client: httpx.AsyncClient, name: str, size: int) -> httpx.Response:
    return await client.post(FILES, params={"name": name}, content=random_bytes(size))


async def usage(client: httpx.AsyncClient) -> dict[str, int]:
    shown: dict[str, int] = (await client.get("/api/v1/drive/usage")).json()
    return shown


def refused(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.json()["code"]) == (402, "limit.storage")


@pytest.mark.feature("PLAN-09")
@pytest.mark.parametrize("last", [1, LIMIT - 4_000_000])
async def test_the_plan_is_full_to_the_byte(
    client: httpx.AsyncClient, bucket: Bucket, last: int
) -> None:
    """A small byte too many is refused when the row is written, a big one before it is sent."""
    assert (await put(client, "most", LIMIT - last)).status_code == 201

    over = await put(client, "over", last + 1)
    assert refused(over)
    assert over.json()["values"] == {"limit": LIMIT, "free": last} | {
        "plan": over.json()["values"]["plan"]
    }
    assert (await put(client, "last", last)).status_code == 201
    assert refused(await put(client, "one more", 1))
    assert (await put(client, "nothing", 0)).status_code == 201
    assert await usage(client) == {"bytes": LIMIT, "files": 3, "reserved": 0, "limit": LIMIT}
    assert len((await bucket.list()).blobs) == 3


@pytest.mark.feature("PLAN-09")
async def test_of_two_files_that_do_not_fit_together_exactly_one_goes_up(
    nodes: list[httpx.AsyncClient],
) -> None:
    size = LIMIT * 3 // 5
    for attempt in range(5):
        answers = await asyncio.gather(
            put(nodes[0], f"one {attempt}", size), put(nodes[-1], f"other {attempt}", size)
        )
        assert sorted(answer.status_code for answer in answers) == [201, 402]
        assert (await usage(nodes[0]))["bytes"] == size
        (made,) = (a.json()["id"] for a in answers if a.status_code == 201)
        assert (await nodes[0].delete(f"{FILES}/{made}")).status_code == 204
    assert (await usage(nodes[0]))["bytes"] == 0


@pytest.mark.feature("PLAN-09")
async def test_of_two_uploads_that_do_not_fit_together_exactly_one_begins(
    nodes: list[httpx.AsyncClient],
) -> None:
    bodies = [{"name": name, "size": LIMIT * 3 // 5} for name in ("one", "other")]
    for _ in range(5):
        answers = await asyncio.gather(
            nodes[0].post(UPLOADS, json=bodies[0]), nodes[-1].post(UPLOADS, json=bodies[1])
        )
        assert sorted(answer.status_code for answer in answers) == [201, 402]
        assert refused(await put(nodes[0], "does not fit beside it", LIMIT * 3 // 5))
        (begun,) = (a.json()["id"] for a in answers if a.status_code == 201)
        assert (await nodes[0].delete(f"{UPLOADS}/{begun}")).status_code == 204


async def test_a_stream_of_unknown_length_is_cut_when_the_plan_is_full(
    client: httpx.AsyncClient, bucket: Bucket
) -> None:
    endless = stream(random_bytes(LIMIT * 4))
    assert refused(await client.post(FILES, params={"name": "a"}, content=endless))
    assert (await bucket.list()).blobs == ()


@pytest.mark.feature("PLAN-09")
async def test_what_does_not_fit_is_refused_before_it_is_sent(
    portal: TestPortal, nodes: list[httpx.AsyncClient]
) -> None:
    address = nodes[0].base_url
    reader, writer = await asyncio.open_connection(address.host, address.port)
    head = (
        f"POST {FILES}?name=a HTTP/1.1\r\nHost: {portal.host}\r\n"
        f"Authorization: Bearer {portal.token}\r\nContent-Length: {LIMIT + 1}\r\n\r\n"
    )
    writer.write(head.encode())
    async with asyncio.timeout(30):
        assert b" 402 " in await reader.readline()
    writer.close()


@pytest.mark.feature("PLAN-09")
async def test_deletes_give_space_back(client: httpx.AsyncClient) -> None:
    first = await put(client, "first", LIMIT)
    assert refused(await put(client, "second", LIMIT))
    await client.delete(f"{FILES}/{first.json()['id']}")
    assert (await put(client, "second", LIMIT)).status_code == 201
