"""Making a file of an upload whose parts are all there."""

from collections.abc import Awaitable, Callable

from blobs.bucket import Bucket
from blobs.errors import ChecksumMismatchError
from blobs.uploads import UploadId as Handle
from portal.modules.drive.contracts import UploadId
from portal.modules.drive.domain.files import File
from portal.modules.drive.domain.uploads import Upload


class Completion:
    """Each step may be repeated, by any node, after a crash between any two of them."""

    def __init__(
        self,
        *,
        bucket: Bucket,
        finish: Callable[[UploadId], Awaitable[File]],
        cancel: Callable[[UploadId], Awaitable[None]],
    ) -> None:
        """``finish`` and ``cancel`` are one transaction each."""
        self._bucket = bucket
        self._finish = finish
        self._cancel = cancel

    async def complete(self, upload: Upload) -> File:
        """Let the store put the parts together, check the whole, then write the row.

        Wrong contents (``ChecksumMismatchError``) end the upload: nothing of it is kept.
        """
        if upload.file_id is None:
            stored = self._bucket.upload(upload.file.key, Handle(upload.handle))
            await stored.complete(upload.file.size)
            await self._verify(upload)
        return await self._finish(upload.id)

    async def _verify(self, upload: Upload) -> None:
        """Read it all back: the parts may have come through several nodes, none saw the whole."""
        if upload.file.sha256 is None:
            return
        try:
            await self._bucket.verify(upload.file.key, upload.file.sha256)
        except ChecksumMismatchError:
            await self._cancel(upload.id)
            raise
