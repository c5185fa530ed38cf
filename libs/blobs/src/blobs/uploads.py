"""An upload in parts: resumable by any process, from what the object store itself remembers of it."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NewType

from blobs.checksums import digest_of, require_equal
from blobs.errors import BlobNotFoundError, UploadIncompleteError, UploadNotFoundError
from blobs.store import Place
from blobs.wire import Data, Request
from kernel.errors import PorticoError

UploadId = NewType("UploadId", str)

PART_BYTES = 8 * 1024 * 1024  # S3: at least 5 MiB but for the last, at most 10,000 parts
_PAGE = 1000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Part:
    """One part that the store has; numbers begin at 1."""

    number: int
    size: int
    etag: str


class Upload:
    """One upload to one key. A key is written by one upload only: choose a new one for each file.

    One that nobody completes or aborts, because the process died, waits for ``Bucket.sweep``.
    """

    def __init__(self, place: Place, key: str, upload: UploadId) -> None:
        self._place = place
        self.key = key
        self.id = upload

    async def put_part(self, number: int, data: Data, *, sha256: str | None = None) -> Part:
        """Store one part; the same number again replaces it. ``sha256`` in hex is that of the part."""
        found = await digest_of(data)
        require_equal(sha256, found)
        request = Request("PUT", self._part_target(number), data, found)
        async with await self._place.send(request) as answer:
            return Part(number, len(data), answer.headers["ETag"])

    def part_url(self, number: int, *, size: int, expires_in: timedelta) -> str:
        """Return a URL whose bearer may store this part, of exactly ``size`` bytes."""
        headers = {"Content-Length": str(size)}
        request = Request("PUT", self._part_target(number), headers=headers)
        return self._place.presigned(request, expires_in)

    async def parts(self) -> list[Part]:
        """Return the parts the store has, in order; ``UploadNotFoundError`` when completed or aborted."""
        found: list[Part] = []
        more = True
        while more:
            after = found[-1].number if found else 0
            page = await self._call("list_parts", MaxParts=_PAGE, PartNumberMarker=after)
            found += (Part(p["PartNumber"], p["Size"], p["ETag"]) for p in page.get("Parts", ()))
            more = page["IsTruncated"]
        return found

    async def complete(self, size: int) -> None:
        """Make the object of all parts, which must be ``size`` bytes without a gap.

        Completing again what is complete is no error, also when the first answer was lost.
        """
        try:
            parts = await self.parts()
        except UploadNotFoundError:
            await self._require_completed(size)
        else:
            await self.complete_of(parts, size)

    async def complete_of(self, parts: Sequence[Part], size: int) -> None:
        """Like ``complete``, of parts the caller knows; cheaper by one call."""
        if not _make_whole(parts, size):
            raise UploadIncompleteError
        listed = [{"PartNumber": part.number, "ETag": part.etag} for part in parts]
        try:
            await self._call("complete_multipart_upload", MultipartUpload={"Parts": listed})
        except UploadNotFoundError:
            await self._require_completed(size)

    async def abort(self) -> None:
        """Drop the upload and its parts; one that is gone is no error."""
        with suppress(UploadNotFoundError):
            await self._call("abort_multipart_upload")

    async def abandon(self) -> None:
        """Abort if the store lets us; else ``Bucket.sweep`` will."""
        try:
            await self.abort()
        except PorticoError as error:
            _log.warning("an upload is left to be swept", extra={"error": error.code})

    async def _require_completed(self, size: int) -> None:
        try:
            head = await self._place.call("head_object", Key=self.key)
        except BlobNotFoundError:
            raise UploadNotFoundError from None
        if head["ContentLength"] != size:
            raise UploadIncompleteError

    def _part_target(self, number: int) -> str:
        return self._place.target(self.key, partNumber=str(number), uploadId=self.id)

    async def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        try:
            return await self._place.call(operation, Key=self.key, UploadId=self.id, **parameters)
        except BlobNotFoundError:  # radosgw's word for some
            raise UploadNotFoundError from None


def _make_whole(parts: Sequence[Part], size: int) -> bool:
    """Tell whether the parts are numbered from 1 without a gap, and hold ``size`` bytes."""
    numbers = [part.number for part in parts]
    return (
        bool(parts)
        and numbers == list(range(1, len(parts) + 1))
        and sum(part.size for part in parts) == size
    )
