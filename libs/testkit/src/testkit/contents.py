"""Contents of files for tests: made from a seed, streamed, read back."""

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from blobs.bucket import Bucket

CHUNK_BYTES = 100_000  # does not divide a part, so that cuts fall inside chunks


def random_bytes(size: int) -> bytes:
    """Return the same bytes for the same size, which do not compress and do not repeat."""
    return random.Random(size).randbytes(size)  # noqa: S311  # not a secret


async def stream(data: bytes) -> AsyncIterator[bytes]:
    """Yield the bytes as a client would send them."""
    for start in range(0, len(data), CHUNK_BYTES):
        yield data[start : start + CHUNK_BYTES]


async def zeros(size: int) -> AsyncIterator[bytes]:
    """Yield so many zeros without holding them."""
    chunk = bytes(CHUNK_BYTES)
    for sent in range(0, size, CHUNK_BYTES):
        yield chunk[: size - sent]


async def read(bucket: Bucket, key: str, byte_range: str | None = None) -> bytes:
    """Return an object, or a range of it, through its stream."""
    async with bucket.get(key, byte_range=byte_range) as file:
        return b"".join([chunk async for chunk in file.chunks()])


async def is_empty(bucket: Bucket) -> bool:
    """Tell whether there was neither an object nor an unfinished upload; sweeps the uploads."""
    later = datetime.now(UTC) + timedelta(hours=1)
    return not (await bucket.list()).blobs and await bucket.sweep(begun_before=later) == 0
