"""SHA-256 of what passes through, and its comparison."""

import asyncio
import hashlib
import hmac
from typing import Protocol

from blobs.errors import ChecksumMismatchError
from blobs.wire import Data

INLINE_BYTES = (
    1024 * 1024
)  # hashed in about 0.8 ms; more goes to a thread, the event loop is shared


class Digest(Protocol):
    """A running digest, as ``hashlib`` makes them."""

    def update(self, data: Data, /) -> None:
        """Take more bytes."""

    def hexdigest(self) -> str:
        """Return the digest of all bytes so far."""


async def digest_of(data: Data) -> str:
    """Return the SHA-256 of ``data`` in hex."""
    if len(data) <= INLINE_BYTES:
        return _digest_of(data)
    return await asyncio.to_thread(_digest_of, data)


def require_equal(announced: str | None, found: str) -> None:
    """Raise ``ChecksumMismatchError`` unless the digests are equal, or none was announced."""
    if announced is not None and not hmac.compare_digest(
        announced.lower().encode(), found.encode()
    ):
        raise ChecksumMismatchError


def _digest_of(data: Data) -> str:
    return hashlib.sha256(data).hexdigest()
