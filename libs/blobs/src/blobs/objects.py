"""What the store holds, as its callers see it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import aiohttp

from blobs import failures
from blobs.wire import PIECE_BYTES


@dataclass(frozen=True, slots=True)
class Stored:
    """What was stored: bytes, and their SHA-256 in hex."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Blob:
    """An object: ``size`` in bytes; ``etag`` changes with the contents and means nothing else."""

    key: str
    size: int
    etag: str
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """Objects in the order of their keys; ``after`` is the argument for the next page, if there is one."""

    blobs: tuple[Blob, ...]
    after: str | None


class Download:
    """An object, or a range of it, on its way to us."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer
        self.size = answer.content_length or 0
        self.etag = answer.headers["ETag"]
        self.content_type = answer.headers.get("Content-Type", "")
        self.content_range = answer.headers.get("Content-Range")  # of a range, as in RFC 9110 §14.4

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the bytes as they come, at most 256 KiB at a time.

        A store that dies on the way is a ``StorageUnavailableError``, never a short file; the reader
        goes on where it was with a range.
        """
        pieces = self._answer.content.iter_chunked(PIECE_BYTES)
        while True:
            with failures.named():  # not around the yield: the failures of our caller are its own
                piece = await anext(pieces, b"")
            if not piece:
                return
            yield piece

    async def read(self) -> bytes:
        """Return all bytes at once: for small objects."""
        with failures.named():
            return await self._answer.read()
