"""Taking in the file of an import: into the portal's bucket first, looked at while it passes by."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from blobs.bucket import Bucket
from portal.modules.crm.domain.importing.limits import MOST_BYTES
from portal.modules.crm.domain.importing.order import PREFIX, ImportOrder
from portal.modules.crm.domain.importing.survey import UTF_8, Survey

# Longer than any import takes: what is older was left by a crash.
FILES_KEPT = timedelta(days=7)
SWEPT_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a file is to be imported; ``None`` is for us to find out."""

    encoding: str | None
    delimiter: str | None
    dry_run: bool
    source: str | None


async def receive(
    bucket: Bucket, chunks: AsyncIterator[bytes], wishes: Wishes, now: datetime
) -> tuple[ImportOrder, str]:
    """Store the file; return what is to be done with it, and the SHA-256 of its contents in hex."""
    await _sweep(bucket, now)
    survey = Survey()
    key = f"{PREFIX}{now:%Y%m%d}/{secrets.token_hex(16)}"
    stored = await bucket.put_stream(
        key, _surveyed(chunks, survey), limit=MOST_BYTES, content_type="text/csv"
    )
    encoding = wishes.encoding or survey.encoding
    order = ImportOrder(
        key=key,
        size=stored.size,
        lines=survey.lines,
        start=survey.mark_bytes if encoding == UTF_8 else 0,
        encoding=encoding,
        delimiter=wishes.delimiter,
        dry_run=wishes.dry_run,
        source=wishes.source,
    )
    return order, stored.sha256


async def _surveyed(chunks: AsyncIterator[bytes], survey: Survey) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        survey.see(chunk)
        yield chunk
    survey.finish()


async def _sweep(bucket: Bucket, now: datetime) -> None:
    """Remove a few files that were left: the keys begin with the day, so the oldest come first."""
    before = f"{PREFIX}{now - FILES_KEPT:%Y%m%d}"
    page = await bucket.list(prefix=PREFIX, limit=SWEPT_AT_ONCE)
    for blob in page.blobs:
        if blob.key < before:
            await bucket.delete(blob.key)
