"""A stream cut into parts of one size."""

from collections.abc import AsyncGenerator, AsyncIterable

from blobs.checksums import Digest
from kernel.errors import TooLargeError


async def in_parts(
    chunks: AsyncIterable[bytes], size: int, whole: Digest, limit: int | None
) -> AsyncGenerator[bytearray, None]:
    """Yield the stream in parts of ``size`` bytes, the last one shorter, and no empty one.

    ``whole`` takes each chunk as it comes, while we would wait for the next. Raises ``TooLargeError`` as
    soon as there are more than ``limit`` bytes.
    """
    part, total = bytearray(), 0
    async for chunk in chunks:
        total += len(chunk)
        if limit is not None and total > limit:
            raise TooLargeError(limit=limit)
        whole.update(chunk)
        rest = memoryview(chunk)
        while rest:
            taken = rest[: size - len(part)]
            part += taken
            rest = rest[len(taken) :]
            if len(part) == size:
                yield part
                part = bytearray()
    if part:
        yield part
