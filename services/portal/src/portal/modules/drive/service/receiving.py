"""Receiving a file in one request: its bytes first, then its row."""

import asyncio
import logging
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from blobs.bucket import Bucket
from db.errors import OutcomeUnknownError
from kernel.errors import PorticoError
from portal.modules.drive.domain.files import LARGEST_FILE, NewFile
from portal.modules.drive.errors import UploadInterruptedError

# 5 GiB in a day are 0.5 Mbit/s; longer uploads go in parts. Shorter than the sweep's patience.
LONGEST_SECONDS = 86_400.0

_log = logging.getLogger(__name__)


async def receive(bucket: Bucket, draft: NewFile, chunks: AsyncIterable[bytes]) -> NewFile:
    """Store the stream as the contents of ``draft``; return it with size and SHA-256 filled in.

    ``draft`` says the key and, if the sender told it, the SHA-256. More than the largest file is a
    ``TooLargeError``. If anything fails, nothing is kept.
    """
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            stored = await bucket.put_stream(
                draft.key,
                chunks,
                sha256=draft.sha256,
                limit=LARGEST_FILE,
                content_type=draft.content_type,
            )
    except TimeoutError:
        raise UploadInterruptedError from None
    return replace(draft, size=stored.size, sha256=stored.sha256)


class Pending:
    """Something that was done outside of the database, and is undone unless its row is written."""

    def __init__(self) -> None:
        self.kept = False

    def keep(self) -> None:
        """Say that the row is written."""
        self.kept = True


@asynccontextmanager
async def undone_unless_kept(undo: Callable[[], Awaitable[None]]) -> AsyncIterator[Pending]:
    """Lend something to be kept, and undo it if the block ends otherwise.

    Not if nobody knows whether the row was committed: then it must stay. What stays in vain, then or
    because this process dies here, is found by the sweep.
    """
    pending = Pending()
    try:
        yield pending
    except OutcomeUnknownError:
        raise
    except Exception:
        await undo()
        raise
    if not pending.kept:
        await undo()


async def erase(bucket: Bucket, key: str) -> None:
    """Remove contents if the store lets us; else the sweep will."""
    try:
        await bucket.delete(key)
    except PorticoError as error:
        _log.warning("an object is left to be swept", extra={"error": error.code})
