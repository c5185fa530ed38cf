import base64
import hashlib
from typing import Any

import httpx
import pytest
from sqlalchemy import bindparam, update

from blobs.bucket import Bucket
from blobs.uploads import PART_BYTES
from blobs.uploads import UploadId as Handle
from db.statements import Statement
from portal.context import RequestContext
from portal.modules.drive import wiring
from portal.modules.drive.contracts import UploadId
from portal.modules.drive.tables import drive_uploads
from testkit.contents import random_bytes
from testkit.harm import Harm
from testkit.portals import TestPortal

UPLOADS = "/api/v1/drive/uploads"
SIZE = 2 * PART_BYTES + 5
EXPIRE = Statement(
    update(drive_uploads)
    .where(
        drive_uploads.c.portal_id == bindparam("portal_id"),
        drive_uploads.c.id == bindparam("upload"),
    )
    .values(expires_at=bindparam("at"))
)

Json = dict[str, Any]


def part(data: bytes, number: int) -> bytes:
    return data[(number - 1) * PART_BYTES : number * PART_BYTES]


async def begin(client: httpx.AsyncClient, data: bytes, **fields: Any) -> Json:
    body = {"name": "film.mp4", "size": len(data), **fields}
    answer = await client.post(UPLOADS, json=body)
    assert answer.status_code == 201, answer.text
    begun: Json = answer.json()
    return begun


async def send(client: httpx.AsyncClient, upload: Json, data: bytes, *numbers: int) -> None:
    for number in numbers:
        url = f"{UPLOADS}/{upload['id']}/parts/{number}"
        answer = await client.put(url, content=part(data, number))
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"number": number, "size": len(part(data, number))}


async def present(client: httpx.AsyncClient, upload: Json) -> list[int]:
    numbers: list[int] = (await client.get(f"{UPLOADS}/{upload['id']}")).json()["present"]
    return numbers


async def complete(client: httpx.AsyncClient, upload: Json) -> httpx.Response:
    return await client.post(f"{UPLOADS}/{upload['id']}/completion")


async def usage(client: httpx.AsyncClient) -> tuple[int, int, int]:
    shown = (await client.get("/api/v1/drive/usage")).json()
    return shown["bytes"], shown["files"], shown["reserved"]


@pytest.mark.feature("DISK-03")
async def test_an_upload_goes_on_at_another_node(nodes: list[httpx.AsyncClient]) -> None:
    one, other = nodes[0], nodes[-1]
    data = random_bytes(SIZE)
    sha256 = hashlib.sha256(data).hexdigest()

    upload = await begin(one, data, sha256=sha256)
    assert (upload["parts"], upload["part_size"]) == (3, PART_BYTES)
    await send(one, upload, data, 2)
    assert await present(other, upload) == [2]
    await send(other, upload, data, 3, 1)
    await send(one, upload, data, 3)  # again: the first answer may have been lost
    assert await usage(one) == (0, 0, SIZE)

    first = await complete(other, upload)
    again = await complete(one, upload)

    assert first.status_code == again.status_code == 201, first.text
    assert first.json() == again.json()
    assert (first.json()["size"], first.json()["sha256"]) == (SIZE, sha256)
    assert await usage(one) == (SIZE, 1, 0)
    content = await one.get(f"/api/v1/drive/files/{first.json()['id']}/content")
    assert hashlib.sha256(content.content).hexdigest() == sha256


@pytest.mark.feature("DISK-03")
async def test_an_upload_outlives_the_node_it_began_at(
    portal: TestPortal, nodes: list[httpx.AsyncClient], harm: Harm
) -> None:
    data = random_bytes(SIZE)
    upload = await begin(nodes[0], data, sha256=hashlib.sha256(data).hexdigest())
    await send(nodes[0], upload, data, 1)

    assert await harm.kill("portal-1", portal.home_dc) == 1
    await harm.until_all_healthy()

    assert await present(nodes[-1], upload) == [1]
    await send(nodes[-1], upload, data, 2, 3)
    assert (await complete(nodes[-1], upload)).status_code == 201


async def test_a_part_of_another_size_is_refused(client: httpx.AsyncClient) -> None:
    data = random_bytes(SIZE)
    upload = await begin(client, data)
    for number, sent in ((1, PART_BYTES - 1), (1, PART_BYTES + 1), (3, 4), (3, 6)):
        answer = await client.put(f"{UPLOADS}/{upload['id']}/parts/{number}", content=bytes(sent))
        assert (answer.status_code, answer.json()["code"]) == (422, "part-size-wrong")
    answer = await client.put(f"{UPLOADS}/{upload['id']}/parts/4", content=b"x")
    assert (answer.status_code, answer.json()["code"]) == (404, "part-not-found")
    assert await present(client, upload) == []


async def test_a_damaged_part_is_refused_and_may_be_sent_again(client: httpx.AsyncClient) -> None:
    data = random_bytes(PART_BYTES)
    upload = await begin(client, data)
    url = f"{UPLOADS}/{upload['id']}/parts/1"
    wrong = {"X-Content-SHA256": hashlib.sha256(b"other").hexdigest()}
    answer = await client.put(url, content=data, headers=wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "checksum-mismatch")
    right = {"X-Content-SHA256": hashlib.sha256(data).hexdigest()}
    assert (await client.put(url, content=data, headers=right)).status_code == 200
    assert (await complete(client, upload)).status_code == 201


async def test_an_upload_with_a_hole_is_not_completed(client: httpx.AsyncClient) -> None:
    data = random_bytes(SIZE)
    upload = await begin(client, data)
    await send(client, upload, data, 1, 3)
    answer = await complete(client, upload)
    assert (answer.status_code, answer.json()["code"]) == (409, "upload-incomplete")
    await send(client, upload, data, 2)
    assert (await complete(client, upload)).status_code == 201


@pytest.mark.feature("DISK-03")
async def test_a_whole_of_another_checksum_is_not_kept(
    client: httpx.AsyncClient, bucket: Bucket
) -> None:
    data = random_bytes(PART_BYTES + 1)
    upload = await begin(client, data, sha256=hashlib.sha256(b"other").hexdigest())
    await send(client, upload, data, 1, 2)

    answer = await complete(client, upload)

    assert (answer.status_code, answer.json()["code"]) == (422, "checksum-mismatch")
    assert await usage(client) == (0, 0, 0)
    assert (await complete(client, upload)).json()["code"] == "upload-not-found"
    assert (await client.get("/api/v1/drive/files")).json()["items"] == []


async def test_an_upload_that_is_given_up_leaves_nothing(client: httpx.AsyncClient) -> None:
    data = random_bytes(SIZE)
    upload = await begin(client, data)
    await send(client, upload, data, 1)
    assert [u["id"] for u in (await client.get(UPLOADS)).json()["items"]] == [upload["id"]]

    assert (await client.delete(f"{UPLOADS}/{upload['id']}")).status_code == 204

    assert await usage(client) == (0, 0, 0)
    assert (await client.get(UPLOADS)).json()["items"] == []
    assert (await client.get(f"{UPLOADS}/{upload['id']}")).status_code == 404
    assert (await client.delete(f"{UPLOADS}/{upload['id']}")).status_code == 404
    assert (await complete(client, upload)).status_code == 404


async def test_a_name_that_was_taken_meanwhile_loses_no_bytes(client: httpx.AsyncClient) -> None:
    upload = await begin(client, b"hello")
    await send(client, upload, b"hello", 1)
    url = "/api/v1/drive/files"
    assert (await client.post(url, params={"name": "film.mp4"}, content=b"x")).status_code == 201

    refused = await complete(client, upload)
    renamed = await client.post(
        f"{UPLOADS}/{upload['id']}/completion", params={"on_conflict": "rename"}
    )

    assert (refused.status_code, refused.json()["code"]) == (409, "file-name-taken")
    assert (renamed.status_code, renamed.json()["name"]) == (201, "film (1).mp4")
    assert await usage(client) == (6, 2, 0)


async def test_a_completed_upload_takes_nothing_more(client: httpx.AsyncClient) -> None:
    data = random_bytes(5)
    upload = await begin(client, data)
    await send(client, upload, data, 1)
    file = (await complete(client, upload)).json()["id"]

    again = await client.put(f"{UPLOADS}/{upload['id']}/parts/1", content=data)
    given_up = await client.delete(f"{UPLOADS}/{upload['id']}")

    assert {again.json()["code"], given_up.json()["code"]} == {"upload-completed"}
    shown = (await client.get(f"{UPLOADS}/{upload['id']}")).json()
    assert (shown["file_id"], shown["present"]) == (file, [1])


@pytest.mark.parametrize("values", ['["uploads"]', '["uploads","x"]', '["files",1]', "1", "x"])
async def test_an_invented_cursor_is_refused(client: httpx.AsyncClient, values: str) -> None:
    cursor = base64.urlsafe_b64encode(values.encode()).decode()
    answer = await client.get(UPLOADS, params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor-malformed")


async def test_a_repeated_begin_is_one_upload(client: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "one"}
    body = {"name": "a.bin", "size": 5}
    answers = [await client.post(UPLOADS, json=body, headers=key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert await usage(client) == (0, 0, 5)


@pytest.mark.feature("ARCH-12")
async def test_a_part_may_go_straight_to_the_object_store(client: httpx.AsyncClient) -> None:
    data = random_bytes(PART_BYTES + 5)
    upload = await begin(client, data, sha256=hashlib.sha256(data).hexdigest())
    async with httpx.AsyncClient() as stranger:
        for number in (1, 2):
            link = (await client.get(f"{UPLOADS}/{upload['id']}/parts/{number}/link")).json()
            assert link["method"] == "PUT"
            too_long = await stranger.put(link["url"], content=part(data, number) + b"x")
            assert too_long.status_code == 403
            assert (await stranger.put(link["url"], content=part(data, number))).status_code == 200
    assert (await complete(client, upload)).json()["size"] == len(data)


async def test_a_node_may_die_between_putting_together_and_writing_the_row(
    client: httpx.AsyncClient, bucket: Bucket, context: RequestContext, portal_user: int
) -> None:
    data = random_bytes(PART_BYTES + 5)
    upload = await begin(client, data)
    await send(client, upload, data, 1, 2)
    async with context.reading() as session:
        row = await wiring.uploads(session).find(portal_user, UploadId(upload["id"]), context.now())
    assert row is not None
    await bucket.upload(row.file.key, Handle(row.handle)).complete(len(data))

    assert await present(client, upload) == [1, 2]
    assert (await complete(client, upload)).status_code == 201
    assert await usage(client) == (len(data), 1, 0)


async def test_an_upload_expires_after_a_week(
    client: httpx.AsyncClient, context: RequestContext
) -> None:
    data = random_bytes(5)
    upload = await begin(client, data)
    await send(client, upload, data, 1)
    async with context.writing() as session:
        await session.change(EXPIRE, upload=upload["id"], at=session.now)
    assert (await client.get(f"{UPLOADS}/{upload['id']}")).json()["code"] == "upload-not-found"
    assert (await complete(client, upload)).status_code == 404
    assert (await client.get(UPLOADS)).json()["items"] == []
