"""Moving the parts of an upload, and finding out which are there."""

from collections.abc import AsyncIterable

from blobs.bucket import Bucket
from blobs.errors import UploadNotFoundError
from blobs.uploads import Part
from blobs.uploads import UploadId as Handle
from portal.modules.drive.domain.uploads import Upload
from portal.modules.drive.errors import PartSizeError


class Parts:
    """The parts of uploads, as the object store has them."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    async def put(
        self, upload: Upload, number: int, chunks: AsyncIterable[bytes], sha256: str | None
    ) -> Part:
        """Store one part, which is in memory meanwhile; the same number again replaces it."""
        size = upload.size_of(number)
        data = bytearray()
        async for chunk in chunks:
            data += chunk
            if len(data) > size:
                raise PartSizeError(number=number, expected=size)
        if len(data) != size:
            raise PartSizeError(number=number, expected=size)
        stored = self._bucket.upload(upload.file.key, Handle(upload.handle))
        return await stored.put_part(number, data, sha256=sha256)

    async def present(self, upload: Upload) -> list[int]:
        """Return the numbers of the parts that are there."""
        every = list(range(1, upload.parts + 1))
        if upload.file_id is not None:
            return every
        stored = self._bucket.upload(upload.file.key, Handle(upload.handle))
        try:
            return [part.number for part in await stored.parts()]
        except UploadNotFoundError:
            # put together already, and only the row is missing: completing again makes it
            await self._bucket.head(upload.file.key)
            return every
