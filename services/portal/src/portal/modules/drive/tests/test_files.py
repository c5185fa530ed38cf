import asyncio
import base64
import hashlib
from urllib.parse import unquote

import httpx
import pytest

from blobs.bucket import Bucket
from blobs.uploads import PART_BYTES
from kernel.settings import Settings
from testkit.contents import random_bytes, stream
from testkit.portals import PASSWORD, TestPortal, client_of, door_url

FILES = "/api/v1/drive/files"
MIB = 1024 * 1024
ERASED_SECONDS = 40.0


async def put(
    client: httpx.AsyncClient, name: str, data: bytes, on_conflict: str = "refuse", **headers: str
) -> httpx.Response:
    headers = {key.replace("_", "-"): value for key, value in headers.items()}
    parameters = {"name": name, "on_conflict": on_conflict}
    return await client.post(FILES, params=parameters, content=data, headers=headers)


async def made(client: httpx.AsyncClient, name: str, data: bytes = b"hello") -> int:
    answer = await put(client, name, data)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def usage(client: httpx.AsyncClient) -> tuple[int, int]:
    shown = (await client.get("/api/v1/drive/usage")).json()
    return shown["bytes"], shown["files"]


async def names(client: httpx.AsyncClient, **parameters: str | int) -> list[str]:
    """All names, page by page."""
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.get(FILES, params={**parameters, **cursor})).json()
        found += [item["name"] for item in page["items"]]
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}


async def keys(bucket: Bucket) -> list[str]:
    return [blob.key for blob in (await bucket.list()).blobs]


@pytest.mark.feature("DISK-03", "ARCH-12")
@pytest.mark.parametrize("size", [0, 1, MIB, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 30 * MIB])
async def test_a_file_comes_back_as_it_went_up(
    client: httpx.AsyncClient, bucket: Bucket, size: int
) -> None:
    data = random_bytes(size)
    sha256 = hashlib.sha256(data).hexdigest()

    answer = await put(client, "Отчёт.bin", data, x_content_sha256=sha256)

    assert answer.status_code == 201, answer.text
    file = answer.json()
    assert (file["name"], file["size"], file["sha256"]) == ("Отчёт.bin", size, sha256)
    assert (await client.get(f"{FILES}/{file['id']}")).json() == file
    content = await client.get(f"{FILES}/{file['id']}/content")
    assert hashlib.sha256(content.content).hexdigest() == sha256
    assert await usage(client) == (size, 1)
    (stored,) = (await bucket.list()).blobs  # there, and nowhere else
    assert stored.size == size


async def test_a_sender_need_not_know_the_size(client: httpx.AsyncClient) -> None:
    data = random_bytes(PART_BYTES + 5)
    answer = await client.post(FILES, params={"name": "a.bin"}, content=stream(data))
    assert answer.json()["sha256"] == hashlib.sha256(data).hexdigest()
    assert await usage(client) == (len(data), 1)


@pytest.mark.feature("DISK-03")
@pytest.mark.parametrize("size", [5, PART_BYTES + 5])
async def test_a_file_that_was_damaged_on_its_way_is_not_kept(
    client: httpx.AsyncClient, bucket: Bucket, size: int
) -> None:
    other = hashlib.sha256(b"other").digest()
    member = f"sha-256=:{base64.b64encode(other).decode()}:"
    for header in (
        {"x_content_sha256": other.hex()},
        {"content_digest": member},
        {"repr_digest": member},
    ):
        answer = await put(client, "a.bin", random_bytes(size), **header)
        assert (answer.status_code, answer.json()["code"]) == (422, "checksum-mismatch")
    assert await names(client) == []
    assert await usage(client) == (0, 0)
    assert await keys(bucket) == []


async def test_a_repeated_upload_is_one_file(client: httpx.AsyncClient, bucket: Bucket) -> None:
    first = await put(client, "a.txt", b"hello", idempotency_key="one")
    again = await put(client, "a.txt", b"hello", idempotency_key="one")
    other = await put(client, "b.txt", b"hello", idempotency_key="one")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert await usage(client) == (5, 1)
    assert len(await keys(bucket)) == 1


async def test_uploads_with_one_key_at_once_are_one_file(
    nodes: list[httpx.AsyncClient], bucket: Bucket
) -> None:
    data = random_bytes(MIB)
    both = [nodes[0], nodes[-1]]
    answers = await asyncio.gather(
        *(put(node, "a.bin", data, idempotency_key="one") for node in both for _ in range(3))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await usage(nodes[0]) == (MIB, 1)
    assert len(await keys(bucket)) == 1


async def test_a_taken_name_is_refused_or_numbered(
    client: httpx.AsyncClient, bucket: Bucket
) -> None:
    await made(client, "Отчёт.pdf")
    for size in (5, 2 * MIB):  # decided afterwards, and beforehand
        refused = await put(client, "ОТЧЁТ.pdf", random_bytes(size))
        assert (refused.status_code, refused.json()["code"]) == (409, "file-name-taken")
    for _ in range(2):
        assert (await put(client, "отчёт.PDF", b"x", "rename")).status_code == 201
    assert await names(client) == ["Отчёт.pdf", "отчёт (1).PDF", "отчёт (2).PDF"]
    assert (await put(client, "отчет.pdf", b"another letter")).status_code == 201
    assert len(await keys(bucket)) == 4


@pytest.mark.parametrize("name", ["a/b", "..", "a\0b", " "])
async def test_a_bad_name_is_refused(client: httpx.AsyncClient, name: str) -> None:
    answer = await put(client, name, b"x")
    assert (answer.status_code, answer.json()["code"]) == (422, "file-name-invalid")


async def test_a_browser_saves_a_file_under_its_russian_name(client: httpx.AsyncClient) -> None:
    file = await made(client, 'Счёт "№ 5".docx')
    told = (await client.get(f"{FILES}/{file}/content")).headers["content-disposition"]
    assert told.startswith('attachment; filename="____')
    assert unquote(told.partition("filename*=UTF-8''")[2]) == 'Счёт "№ 5".docx'


@pytest.mark.parametrize(
    ("kind", "shown"), [("image/png", True), ("text/html", False), ("image/svg+xml", False)]
)
async def test_only_harmless_contents_are_shown_in_the_page(
    client: httpx.AsyncClient,
    kind: str,
    shown: bool,  # noqa: FBT001
) -> None:
    answer = await put(client, "a", b"<script>", content_type=kind)
    headers = (await client.get(f"{FILES}/{answer.json()['id']}/content")).headers
    assert headers["content-disposition"].startswith("inline" if shown else "attachment")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-type"] == kind


@pytest.mark.feature("ARCH-12")
async def test_a_large_file_comes_from_the_object_store_if_clients_reach_it(
    settings: Settings, client: httpx.AsyncClient
) -> None:
    data = random_bytes(MIB)
    answer = await put(client, "Смета.png", data, content_type="image/png")
    url = f"{FILES}/{answer.json()['id']}/content"
    small = f"{FILES}/{await made(client, 'small.bin')}/content"

    told = await client.get(url, follow_redirects=False)
    followed = await client.get(url)
    through_us = await client.get(url, params={"redirect": False}, follow_redirects=False)

    assert (await client.get(small, follow_redirects=False)).status_code == 200
    assert followed.content == through_us.content == data
    for header in ("content-type", "content-disposition", "content-length", "accept-ranges"):
        assert followed.headers[header] == through_us.headers[header], header
    if settings.s3_public_url is None:
        assert told.status_code == 200
    else:
        assert (told.status_code, told.headers["cache-control"]) == (307, "no-store")
        assert told.headers["location"].startswith(f"{settings.s3_public_url}/")


@pytest.mark.parametrize("redirect", [True, False])
async def test_a_download_goes_on_where_it_broke_off(
    client: httpx.AsyncClient,
    redirect: bool,  # noqa: FBT001
) -> None:
    data = random_bytes(PART_BYTES + 100)
    url = f"{FILES}/{await made(client, 'a.bin', data)}/content?redirect={redirect}"
    etag = (await client.get(url)).headers["etag"]

    rest = await client.get(url, headers={"Range": f"bytes={PART_BYTES}-", "If-Range": etag})
    assert (rest.status_code, rest.content) == (206, data[PART_BYTES:])
    assert rest.headers["content-range"] == f"bytes {PART_BYTES}-{len(data) - 1}/{len(data)}"
    assert (await client.get(url, headers={"Range": "bytes=-3"})).content == data[-3:]
    outside = await client.get(url, headers={"Range": f"bytes={len(data)}-"})
    assert (outside.status_code, outside.json()["code"]) == (416, "range-not-satisfiable")
    assert outside.headers["content-range"] == f"bytes */{len(data)}"
    known = await client.get(url, headers={"If-None-Match": etag})
    assert (known.status_code, known.content) == (304, b"")


async def test_files_are_listed_in_order_page_by_page(client: httpx.AsyncClient) -> None:
    for name in ("Бета.txt", "ёлка.txt", "альфа.txt", "Alpha.txt", "зета_100%.txt"):
        await made(client, name)
    by_name = ["Alpha.txt", "альфа.txt", "Бета.txt", "ёлка.txt", "зета_100%.txt"]
    assert await names(client, order="name", limit=2) == by_name
    newest = ["зета_100%.txt", "Alpha.txt", "альфа.txt", "ёлка.txt", "Бета.txt"]
    assert await names(client, order="-created_at", limit=2) == newest
    assert await names(client, order="id", limit=2) == newest[::-1]
    assert await names(client, search="ЛЬФ") == ["альфа.txt"]
    assert await names(client, search="0%") == ["зета_100%.txt"]
    assert await names(client, search="а_т") == []


@pytest.mark.parametrize("values", ['["files name"]', '["files name",1,"a","x"]', '["files id",1]'])
async def test_an_invented_cursor_is_refused(client: httpx.AsyncClient, values: str) -> None:
    cursor = base64.urlsafe_b64encode(values.encode()).decode()
    answer = await client.get(FILES, params={"order": "name", "cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor-malformed")


@pytest.mark.feature("PLAN-09")
async def test_a_deleted_file_gives_its_space_back_and_its_contents_go(
    client: httpx.AsyncClient, bucket: Bucket
) -> None:
    file, kept = await made(client, "a.txt"), await made(client, "b.txt", b"xy")

    assert (await client.delete(f"{FILES}/{file}")).status_code == 204

    assert await usage(client) == (2, 1)
    for url in (f"{FILES}/{file}", f"{FILES}/{file}/content", f"{FILES}/{file}/link"):
        assert (await client.get(url)).json()["code"] == "file-not-found"
    assert (await client.delete(f"{FILES}/{file}")).status_code == 404
    async with asyncio.timeout(ERASED_SECONDS):  # by the worker, after the commit
        while len(await keys(bucket)) > 1:  # noqa: ASYNC110  # the store sets no event
            await asyncio.sleep(0.1)
    assert (await client.get(f"{FILES}/{kept}/content")).content == b"xy"
    changes = (await client.get("/api/v1/changes")).json()["items"]
    facts = [(c["verb"], c["payload"]["name"]) for c in changes if c["entity"] == "file"]
    assert facts == [("created", "a.txt"), ("created", "b.txt"), ("deleted", "a.txt")]


async def test_each_person_has_a_drive_of_his_own(
    settings: Settings, portal: TestPortal, client: httpx.AsyncClient
) -> None:
    mine = await made(client, "a.txt")
    email = f"boris@{portal.label}.example"
    added = await client.post("/api/v1/users", json={"email": email, "password": PASSWORD})
    assert added.status_code == 201, added.text
    async with client_of(door_url(settings), portal.host) as stranger:
        login = await stranger.post("/api/v1/sessions", json={"email": email, "password": PASSWORD})
        stranger.headers["Authorization"] = f"Bearer {login.json()['token']}"

        assert await names(stranger) == []
        assert (await stranger.get(f"{FILES}/{mine}/content")).status_code == 404
        assert (await stranger.delete(f"{FILES}/{mine}")).status_code == 404
        assert (await put(stranger, "a.txt", b"his own")).status_code == 201
    assert await usage(client) == (12, 2)  # the plan counts the whole portal
