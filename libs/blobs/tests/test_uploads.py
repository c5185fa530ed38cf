"""An upload in parts outlives the process that began it, and is finished once."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from yarl import URL

from blobs.bucket import Bucket
from blobs.errors import ChecksumMismatchError, UploadIncompleteError, UploadNotFoundError
from blobs.keys import Account
from blobs.store import connect
from blobs.uploads import PART_BYTES
from testkit.contents import random_bytes, read
from testkit.s3 import Gateway

FIVE_MIB = 5 * 1024 * 1024  # the smallest part but for the last
MINUTE = timedelta(minutes=1)


async def test_an_upload_cut_half_way_is_resumed_by_another_process(
    s3: Gateway, bucket: Bucket, account: Account
) -> None:
    data = random_bytes(3 * PART_BYTES + 17)
    parts = [data[start : start + PART_BYTES] for start in range(0, len(data), PART_BYTES)]
    begun = await bucket.begin_upload("file")
    await begun.put_part(1, parts[0])
    await begun.put_part(2, parts[1])

    async with connect(s3.url) as another:
        resumed = Bucket(another, account).upload("file", begun.id)
        there = {part.number for part in await resumed.parts()}
        for number, part in enumerate(parts, start=1):
            if number not in there:
                await resumed.put_part(number, part)
        await resumed.complete(len(data))

    assert there == {1, 2}
    assert await read(bucket, "file") == data
    await bucket.verify("file", hashlib.sha256(data).hexdigest())


async def test_a_part_sent_twice_is_there_once(bucket: Bucket) -> None:
    upload = await bucket.begin_upload("file")
    first = random_bytes(FIVE_MIB)
    await upload.put_part(1, bytes(FIVE_MIB))
    await upload.put_part(1, first)
    await upload.put_part(1, first)
    await upload.put_part(2, b"end")

    assert [(part.number, part.size) for part in await upload.parts()] == [(1, FIVE_MIB), (2, 3)]
    await upload.complete(FIVE_MIB + 3)
    assert await read(bucket, "file") == first + b"end"


async def test_completing_again_is_no_error(bucket: Bucket) -> None:
    upload = await bucket.begin_upload("file")
    part = await upload.put_part(1, b"contents")

    await asyncio.gather(*(upload.complete(8) for _ in range(4)))
    await upload.complete(8)
    await upload.complete_of([part], 8)

    assert await read(bucket, "file") == b"contents"


async def test_aborting_what_is_complete_removes_nothing(bucket: Bucket) -> None:
    upload = await bucket.begin_upload("file")
    await upload.put_part(1, b"contents")
    await upload.complete(8)

    await upload.abort()

    assert await read(bucket, "file") == b"contents"


async def test_an_aborted_upload_takes_nothing_more(bucket: Bucket) -> None:
    upload = await bucket.begin_upload("file")
    await upload.put_part(1, b"contents")

    await upload.abort()
    await upload.abort()

    with pytest.raises(UploadNotFoundError):
        await upload.parts()
    with pytest.raises(UploadNotFoundError):
        await upload.put_part(2, b"more")
    with pytest.raises(UploadNotFoundError):
        await upload.complete(8)


@pytest.mark.parametrize("numbers", [(1, 3), (2,), ()], ids=str)
async def test_an_upload_with_a_gap_is_not_completed(
    bucket: Bucket, numbers: tuple[int, ...]
) -> None:
    upload = await bucket.begin_upload("file")
    for number in numbers:
        await upload.put_part(number, bytes(FIVE_MIB))

    with pytest.raises(UploadIncompleteError):
        await upload.complete(len(numbers) * FIVE_MIB)


async def test_an_upload_of_another_length_is_not_completed(bucket: Bucket) -> None:
    upload = await bucket.begin_upload("file")
    await upload.put_part(1, b"contents")

    with pytest.raises(UploadIncompleteError):
        await upload.complete(9)
    await upload.complete(8)
    with pytest.raises(UploadIncompleteError):
        await upload.complete(9)


async def test_a_small_part_in_the_middle_is_refused(bucket: Bucket) -> None:
    upload = await bucket.begin_upload("file")
    await upload.put_part(1, b"small")
    await upload.put_part(2, b"last")

    with pytest.raises(UploadIncompleteError):
        await upload.complete(9)


async def test_a_part_with_a_wrong_checksum_is_not_stored(bucket: Bucket) -> None:
    upload = await bucket.begin_upload("file")

    with pytest.raises(ChecksumMismatchError):
        await upload.put_part(1, b"contents", sha256=hashlib.sha256(b"other").hexdigest())

    assert await upload.parts() == []


async def test_a_client_puts_a_part_itself_with_the_url_of_that_part(
    bucket: Bucket, browser: aiohttp.ClientSession
) -> None:
    upload = await bucket.begin_upload("file")
    url = URL(upload.part_url(1, size=8, expires_in=MINUTE), encoded=True)

    async with browser.put(url, data=b"too many bytes") as refused:
        assert refused.status == 403
    async with browser.put(url, data=b"contents") as taken:
        assert taken.status == 200

    await upload.complete(8)
    assert await read(bucket, "file") == b"contents"


async def test_old_uploads_are_swept_and_young_ones_kept(bucket: Bucket) -> None:
    upload = await bucket.begin_upload("Смета.xlsx")
    await upload.put_part(1, b"contents")
    now = datetime.now(UTC)

    assert await bucket.sweep(begun_before=now - timedelta(days=7)) == 0
    assert [part.size for part in await upload.parts()] == [8]
    assert await bucket.sweep(begun_before=now + MINUTE) == 1
    with pytest.raises(UploadNotFoundError):
        await upload.parts()
