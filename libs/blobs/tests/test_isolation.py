"""The storage itself keeps portals apart: a key opens one bucket, a URL one object for a while."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import aiohttp
import pytest
from yarl import URL

from blobs.bucket import Bucket
from blobs.errors import AccessDeniedError
from blobs.keys import AccessKey, Account
from blobs.store import Store, connect
from testkit.contents import random_bytes, read
from testkit.s3 import Gateway

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
async def foreign_bucket(
    store: Store, bucket: Bucket, account: Account, new_account: Callable[[], Awaitable[Account]]
) -> Bucket:
    """The bucket of one portal, tried with the key of another."""
    await bucket.put("secret", b"contents")
    other = await new_account()
    return Bucket(store, Account(account.bucket, other.key))


@pytest.mark.parametrize(
    "trespass",
    [
        pytest.param(lambda b: read(b, "secret"), id="get"),
        pytest.param(lambda b: read(b, "nothing"), id="get what is not there"),
        pytest.param(lambda b: b.head("secret"), id="head"),
        pytest.param(lambda b: b.put("secret", b"other"), id="put"),
        pytest.param(lambda b: b.put("large", random_bytes(8_000_000)), id="put much"),
        pytest.param(lambda b: b.delete("secret"), id="delete"),
        pytest.param(lambda b: b.list(), id="list"),
        pytest.param(lambda b: b.begin_upload("secret"), id="begin an upload"),
    ],
)
async def test_another_portals_key_is_refused_by_the_storage(
    bucket: Bucket, foreign_bucket: Bucket, trespass: Callable[[Bucket], Awaitable[object]]
) -> None:
    with pytest.raises(AccessDeniedError):
        await trespass(foreign_bucket)
    assert await read(bucket, "secret") == b"contents"


async def test_another_portals_upload_is_out_of_reach(
    bucket: Bucket, foreign_bucket: Bucket
) -> None:
    upload = await bucket.begin_upload("file")
    await upload.put_part(1, b"contents")
    foreign = foreign_bucket.upload("file", upload.id)

    for trespass in (foreign.parts(), foreign.put_part(1, b"other"), foreign.abort()):
        with pytest.raises(AccessDeniedError):
            await trespass

    await upload.complete(8)
    assert await read(bucket, "file") == b"contents"


async def test_a_wrong_secret_opens_nothing(store: Store, account: Account) -> None:
    guessed = Account(account.bucket, AccessKey(account.key.id, "guess"))
    with pytest.raises(AccessDeniedError):
        await Bucket(store, guessed).list()


async def test_portals_that_share_connections_never_share_keys(
    store: Store, new_account: Callable[[], Awaitable[Account]]
) -> None:
    accounts = [await new_account() for _ in range(12)]

    async def work(account: Account) -> None:
        bucket = Bucket(store, account)
        name = account.bucket.encode()
        for _ in range(5):
            await bucket.put("name", name)
            assert await read(bucket, "name") == name
            assert [blob.size for blob in (await bucket.list()).blobs] == [len(name)]

    await asyncio.gather(*(work(account) for account in accounts))


async def test_a_call_without_a_key_is_signed_with_none(store: Store, account: Account) -> None:
    await Bucket(store, account).list()
    with pytest.raises(LookupError):
        await store._client.list_objects_v2(Bucket=account.bucket)


async def test_a_signed_url_opens_its_object_under_its_name(
    bucket: Bucket, browser: aiohttp.ClientSession
) -> None:
    await bucket.put("file", b"contents")
    url = bucket.get_url("file", file_name="Смета № 5.xlsx", expires_in=MINUTE)

    async with browser.get(URL(url, encoded=True)) as answer:
        assert await answer.read() == b"contents"
        assert answer.content_disposition is not None
        assert answer.content_disposition.type == "attachment"
        assert answer.content_disposition.filename == "Смета № 5.xlsx"
    async with browser.get(URL(url, encoded=True), headers={"Range": "bytes=0-2"}) as answer:
        assert (answer.status, await answer.read()) == (206, b"con")


async def test_a_signed_url_opens_nothing_else(
    bucket: Bucket, account: Account, browser: aiohttp.ClientSession
) -> None:
    await bucket.put("file", b"contents")
    await bucket.put("other", b"contents")
    url = bucket.get_url("file", file_name="x", expires_in=MINUTE)
    tampered = {
        "another object": url.replace("/file?", "/other?"),
        "the list": url.replace("/file?", "?"),
        "a longer life": url.replace("X-Amz-Expires=60", "X-Amz-Expires=86400"),
        "another name": url.replace("filename%3D%22x", "filename%3D%22y"),
        "no signature": url.partition("?")[0],
    }

    for what, changed in tampered.items():
        assert changed != url, what
        async with browser.get(URL(changed, encoded=True)) as answer:
            assert answer.status == 403, what
    for verb in ("PUT", "DELETE"):
        async with browser.request(verb, URL(url, encoded=True), data=b"") as answer:
            assert answer.status == 403, verb
    assert account.key.secret not in url


async def test_a_signed_url_is_made_for_the_address_that_clients_know(
    s3: Gateway, account: Account, browser: aiohttp.ClientSession
) -> None:
    async with connect(s3.url, public_url="https://files.example.com") as store:
        bucket = Bucket(store, account)
        await bucket.put("file", b"contents")  # ours go the short way
        url = bucket.get_url("file", file_name="x", expires_in=MINUTE)

    assert url.startswith(f"https://files.example.com/{account.bucket}/file?")
    inside = URL(url.replace("https://files.example.com", s3.url), encoded=True)
    async with browser.get(inside, headers={"Host": "files.example.com"}) as answer:
        assert await answer.read() == b"contents"
    async with browser.get(inside) as answer:
        assert answer.status == 403


async def test_a_signed_url_expires(bucket: Bucket, browser: aiohttp.ClientSession) -> None:
    await bucket.put("file", b"contents")
    url = URL(bucket.get_url("file", file_name="x", expires_in=SECOND), encoded=True)

    async def is_refused() -> bool:
        async with browser.get(url) as answer:
            return answer.status == 403

    async with asyncio.timeout(30):
        while not await is_refused():  # noqa: ASYNC110  # nothing tells when a URL expires
            await asyncio.sleep(0.2)


async def test_a_signed_url_stores_one_object_of_one_size(
    bucket: Bucket, browser: aiohttp.ClientSession
) -> None:
    url = bucket.put_url("file", size=8, expires_in=MINUTE)

    async with browser.put(URL(url, encoded=True), data=b"too many bytes") as answer:
        assert answer.status == 403
    async with browser.put(
        URL(url.replace("/file?", "/other?"), encoded=True), data=b"contents"
    ) as answer:
        assert answer.status == 403
    async with browser.put(URL(url, encoded=True), data=b"contents") as answer:
        assert answer.status == 200

    assert [blob.key for blob in (await bucket.list()).blobs] == ["file"]
    assert await read(bucket, "file") == b"contents"


def test_no_text_of_a_key_shows_its_secret(store: Store) -> None:
    account = Account("portal-1", AccessKey("public", "hidden"))
    for shown in (account, account.key, Bucket(store, account)):
        assert "hidden" not in f"{shown!r} {shown}"
