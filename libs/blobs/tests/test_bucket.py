"""What goes in comes out, whole or not at all."""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from blobs.bucket import Bucket
from blobs.errors import BlobNotFoundError, ChecksumMismatchError, RangeNotSatisfiableError
from blobs.uploads import PART_BYTES
from kernel.errors import TooLargeError
from testkit.contents import is_empty, random_bytes, read, stream, zeros

MIB = 1024 * 1024
WRONG = hashlib.sha256(b"something else").hexdigest()


@pytest.mark.parametrize(
    "size", [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 30 * MIB], ids=str
)
async def test_a_stream_of_any_length_comes_back_equal(bucket: Bucket, size: int) -> None:
    data = random_bytes(size)
    sha256 = hashlib.sha256(data).hexdigest()

    stored = await bucket.put_stream("file", stream(data), sha256=sha256.upper())

    assert (stored.size, stored.sha256) == (size, sha256)
    assert await read(bucket, "file") == data
    assert (await bucket.head("file")).size == size
    await bucket.verify("file", sha256)


async def test_bytes_come_back_equal_with_their_content_type(bucket: Bucket) -> None:
    data = random_bytes(MIB)

    stored = await bucket.put("file", data, content_type="image/png")

    assert stored.sha256 == hashlib.sha256(data).hexdigest()
    async with bucket.get("file") as file:
        assert (file.size, file.content_type) == (len(data), "image/png")
        assert await file.read() == data


async def test_memory_stays_bounded_while_300_mib_go_up_and_come_down(bucket: Bucket) -> None:
    process = psutil.Process()
    before = peak = process.memory_info().rss

    def look() -> None:
        nonlocal peak
        peak = max(peak, process.memory_info().rss)

    async def watched() -> AsyncIterator[bytes]:
        async for chunk in zeros(300 * MIB):
            look()
            yield chunk

    stored = await bucket.put_stream("big", watched())
    received = hashlib.sha256()
    async with bucket.get("big") as file:
        async for chunk in file.chunks():
            look()
            received.update(chunk)

    assert received.hexdigest() == stored.sha256
    assert peak - before < 64 * MIB


@pytest.mark.parametrize(
    "key",
    [
        "Отчёты/Смета № 5 (итог).xlsx",
        "звіт/ґанок.txt",
        "Größe/ß.pdf",
        "a b+c%20d&e=f?g#h;~'\"",
        "a//b/../c",
    ],
)
async def test_any_key_is_taken_literally(bucket: Bucket, key: str) -> None:
    await bucket.put(key, b"contents")

    assert await read(bucket, key) == b"contents"
    assert [blob.key for blob in (await bucket.list()).blobs] == [key]
    await bucket.delete(key)
    assert await is_empty(bucket)


async def test_a_wrong_checksum_leaves_nothing_of_bytes(bucket: Bucket) -> None:
    with pytest.raises(ChecksumMismatchError):
        await bucket.put("file", b"contents", sha256=WRONG)
    assert await is_empty(bucket)


@pytest.mark.parametrize("size", [100, 20 * MIB], ids=str)
async def test_a_wrong_checksum_leaves_nothing_of_a_stream(bucket: Bucket, size: int) -> None:
    with pytest.raises(ChecksumMismatchError):
        await bucket.put_stream("file", zeros(size), sha256=WRONG)
    assert await is_empty(bucket)


async def test_a_checksum_that_is_not_even_hexadecimal_is_a_mismatch(bucket: Bucket) -> None:
    with pytest.raises(ChecksumMismatchError):
        await bucket.put("file", b"contents", sha256="щ")


async def test_a_stream_over_the_limit_is_refused_and_leaves_nothing(bucket: Bucket) -> None:
    with pytest.raises(TooLargeError):
        await bucket.put_stream("file", zeros(20 * MIB + 1), limit=20 * MIB)
    assert await is_empty(bucket)


async def test_a_stream_of_exactly_the_limit_is_stored(bucket: Bucket) -> None:
    assert (await bucket.put_stream("file", zeros(1000), limit=1000)).size == 1000


@pytest.mark.parametrize(
    ("byte_range", "expected", "content_range"),
    [
        ("bytes=0-0", b"0", "bytes 0-0/10"),
        ("bytes=3-5", b"345", "bytes 3-5/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-2", b"89", "bytes 8-9/10"),
    ],
)
async def test_a_range_is_read_alone(
    bucket: Bucket, byte_range: str, expected: bytes, content_range: str
) -> None:
    await bucket.put("digits", b"0123456789")

    async with bucket.get("digits", byte_range=byte_range) as file:
        assert (file.size, file.content_range) == (len(expected), content_range)
        assert await file.read() == expected


async def test_a_range_outside_the_object_is_refused(bucket: Bucket) -> None:
    await bucket.put("digits", b"0123456789")
    with pytest.raises(RangeNotSatisfiableError):
        await read(bucket, "digits", "bytes=10-")


async def test_what_is_not_there_is_not_found(bucket: Bucket) -> None:
    with pytest.raises(BlobNotFoundError):
        await bucket.head("nothing")
    with pytest.raises(BlobNotFoundError):
        await read(bucket, "nothing")


async def test_deleting_twice_is_no_error(bucket: Bucket) -> None:
    await bucket.put("file", b"contents")
    await bucket.delete("file")
    await bucket.delete("file")
    assert await is_empty(bucket)


async def test_a_listing_comes_in_pages_in_the_order_of_the_keys(bucket: Bucket) -> None:
    for name in ("b/2", "a/1", "b/1", "b/3"):
        await bucket.put(name, name.encode())

    first = await bucket.list(prefix="b/", limit=2)
    second = await bucket.list(prefix="b/", limit=2, after=first.after or "")

    assert [blob.key for blob in first.blobs] == ["b/1", "b/2"]
    assert [blob.key for blob in second.blobs] == ["b/3"]
    assert second.after is None
    assert abs(datetime.now(UTC) - second.blobs[0].modified_at) < timedelta(minutes=1)


async def test_what_was_put_twice_is_the_second(bucket: Bucket) -> None:
    await bucket.put("file", b"first")
    await bucket.put("file", b"second")
    assert await read(bucket, "file") == b"second"
