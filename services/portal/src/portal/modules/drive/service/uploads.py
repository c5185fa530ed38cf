"""Beginning, finishing and giving up uploads, each in one transaction."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from blobs.errors import UploadNotFoundError
from portal.modules.drive.contracts import UploadId
from portal.modules.drive.domain.files import File, NewFile
from portal.modules.drive.domain.uploads import UPLOAD_LIFE, Upload
from portal.modules.drive.errors import NoSuchFileError
from portal.modules.drive.repository.files import FileStore
from portal.modules.drive.repository.uploads import UploadStore
from portal.modules.drive.service.files import FileService
from portal.modules.drive.service.space import SpaceKeeper

EXPIRED_AT_ONCE = 100


class UploadService:
    """Use cases of uploads in parts."""

    def __init__(
        self,
        *,
        uploads: UploadStore,
        files: FileStore,
        making: FileService,
        space: SpaceKeeper,
        erase_later: Callable[[Upload], Awaitable[None]],
        now: datetime,
    ) -> None:
        self._uploads = uploads
        self._files = files
        self._making = making
        self._space = space
        self._erase_later = erase_later
        self._now = now

    async def begin(self, file: NewFile, handle: str, part_size: int) -> Upload:
        """Note an upload that the object store knows as ``handle``, and promise it its space."""
        await self._space.take(file.size, lambda space: space.reserving(file.size))
        return await self._uploads.add(file, handle, part_size, self._now + UPLOAD_LIFE)

    async def finish(self, owner: int, upload_id: UploadId, *, may_rename: bool) -> File:
        """Make a file of an upload that is whole; finishing again finds the same file.

        ``may_rename``: if the name was taken meanwhile. Whether it was allowed at the beginning counts, too.
        """
        await self._space.lock()
        upload = await self._get(owner, upload_id)
        if upload.file_id is not None:
            file = await self._files.find(owner, upload.file_id)
            if file is None:
                raise NoSuchFileError(id=upload.file_id)
            return file
        new = replace(upload.file, may_rename=upload.file.may_rename or may_rename)
        await self._space.change(lambda space: space.releasing(new.size).with_file(new.size))
        file = await self._making.added(new)
        await self._uploads.complete(upload.id, file.id)
        return file

    async def cancel(self, owner: int, upload_id: UploadId) -> None:
        """Give up an upload; its parts go once this is committed."""
        await self._space.lock()
        upload = await self._get(owner, upload_id)
        upload.require_open()
        await self._drop(upload)

    async def drop_expired(self) -> int:
        """Give up some uploads whose time is over; return how many."""
        await self._space.lock()
        expired = await self._uploads.expired(EXPIRED_AT_ONCE)
        for upload in expired:
            await self._drop(upload)
        return len(expired)

    async def _drop(self, upload: Upload) -> None:
        await self._uploads.delete(upload.id)
        if upload.file_id is None:
            await self._space.change(lambda space: space.releasing(upload.file.size))
            await self._erase_later(upload)

    async def _get(self, owner: int, upload_id: UploadId) -> Upload:
        upload = await self._uploads.find(owner, upload_id, self._now)
        if upload is None:
            raise UploadNotFoundError(id=upload_id)
        return upload
