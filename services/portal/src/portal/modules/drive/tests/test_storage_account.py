"""Each portal's storage is its own, down to the object store."""

import asyncio
from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import bindparam, select

from blobs.bucket import Bucket
from blobs.errors import AccessDeniedError
from blobs.keys import AccessKey, Account
from db.statements import Statement
from kernel.sealing import SealBrokenError
from portal.context import RequestContext
from portal.modules.drive.tables import drive_storage
from portal.resources import Resources
from testkit.portals import SignUp, TestPortal, route_of

FILES = "/api/v1/drive/files"
EXPIRED_SECONDS = 30.0
STORED = Statement(
    select(drive_storage.c.bucket, drive_storage.c.access_key, drive_storage.c.secret).where(
        drive_storage.c.portal_id == bindparam("portal_id")
    )
)


@dataclass(frozen=True, slots=True)
class Stored:
    """The account as it lies in the database."""

    bucket: str
    access_key: str
    secret: str


async def stored_account(resources: Resources, portal: TestPortal) -> Stored:
    route = await route_of(portal, resources.routes)
    async with resources.reading(route) as session:
        row = await session.first(STORED)
    assert row is not None
    return Stored(*(value.decode() for value in row))


async def made(client: httpx.AsyncClient, name: str, data: bytes) -> int:
    answer = await client.post(FILES, params={"name": name}, content=data)
    return int(answer.json()["id"])


@pytest.mark.feature("ARCH-24")
async def test_one_portals_key_does_not_open_anothers_bucket(
    context: RequestContext, bucket: Bucket, portal: TestPortal, new_portal: SignUp
) -> None:
    await made(portal.client, "secret.txt", b"of the first portal")
    (stored,) = (await bucket.list()).blobs
    intruder = await new_portal(region="ru")
    mine = await stored_account(context.resources, portal)
    theirs = await stored_account(context.resources, intruder)
    assert mine.bucket != theirs.bucket
    secret = context.resources.sealer.open(theirs.secret, f"portal/{intruder.id}/storage")
    stolen = Account(mine.bucket, AccessKey(theirs.access_key, secret))
    intruding = Bucket(context.resources.storage, stolen)

    with pytest.raises(AccessDeniedError):
        async with intruding.get(stored.key):
            pass
    with pytest.raises(AccessDeniedError):
        await intruding.list()
    with pytest.raises(AccessDeniedError):
        await intruding.put("files/planted", b"x")
    with pytest.raises(AccessDeniedError):
        await intruding.delete(stored.key)
    assert [blob.key for blob in (await bucket.list()).blobs] == [stored.key]


async def test_the_key_lies_sealed_and_opens_only_in_its_place(
    context: RequestContext, portal: TestPortal
) -> None:
    stored = await stored_account(context.resources, portal)
    sealer = context.resources.sealer
    secret = sealer.open(stored.secret, f"portal/{portal.id}/storage")
    assert len(secret) > 20
    assert secret not in stored.secret
    with pytest.raises(SealBrokenError):
        sealer.open(stored.secret, f"portal/{portal.id + 1}/storage")


@pytest.mark.feature("ARCH-24", "ARCH-12")
async def test_a_link_opens_only_its_object_and_only_to_read(
    client: httpx.AsyncClient, bucket: Bucket
) -> None:
    first = await made(client, "Отчёт.txt", b"first")
    await made(client, "second.txt", b"second")
    one, other = (blob.key for blob in (await bucket.list()).blobs)
    answer = await client.get(f"{FILES}/{first}/link")
    url = answer.json()["url"]
    assert answer.headers["cache-control"] == "no-store"

    async with httpx.AsyncClient() as stranger:
        opened = await stranger.get(url)
        assert (opened.status_code, opened.content) == (200, b"first")
        assert "%D0%9E%D1%82%D1%87%D1%91%D1%82.txt" in opened.headers["content-disposition"]
        mine, another = (one, other) if one in url else (other, one)
        assert (await stranger.get(url.replace(mine, another))).status_code == 403
        assert (await stranger.put(url, content=b"x")).status_code == 403
        assert (await stranger.delete(url)).status_code == 403
        listing = url.replace(f"/{mine}", "/")
        assert (await stranger.get(listing)).status_code == 403


async def test_a_link_expires(client: httpx.AsyncClient) -> None:
    file = await made(client, "a.txt", b"a")
    link = (await client.get(f"{FILES}/{file}/link", params={"expires_in": 1})).json()
    async with httpx.AsyncClient() as stranger, asyncio.timeout(EXPIRED_SECONDS):
        while (await stranger.get(link["url"])).status_code != 403:  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(0.2)


@pytest.mark.parametrize("seconds", [0, 86_401])
async def test_a_link_lives_a_day_at_most(client: httpx.AsyncClient, seconds: int) -> None:
    file = await made(client, "a.txt", b"a")
    answer = await client.get(f"{FILES}/{file}/link", params={"expires_in": seconds})
    assert answer.json()["code"] == "invalid-fields"
