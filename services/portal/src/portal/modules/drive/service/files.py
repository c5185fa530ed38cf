"""Making and deleting files, each in one transaction."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from kernel.facts import Fact
from portal.modules.drive.contracts import FileId
from portal.modules.drive.domain.files import File, NewFile
from portal.modules.drive.domain.names import alternatives
from portal.modules.drive.errors import NameTakenError, NoSuchFileError
from portal.modules.drive.repository.files import FileStore
from portal.modules.drive.service.space import SpaceKeeper


class FileService:
    """Use cases of files."""

    def __init__(
        self,
        *,
        files: FileStore,
        space: SpaceKeeper,
        erase_later: Callable[[str], Awaitable[None]],
        publish: Callable[[Fact], None],
        now: datetime,
    ) -> None:
        self._files = files
        self._space = space
        self._erase_later = erase_later
        self._publish = publish
        self._now = now

    async def add(self, new: NewFile) -> File:
        """Make a file of contents that are in the bucket, if the plan has room for them."""
        await self._space.take(new.size, lambda space: space.with_file(new.size))
        return await self.added(new)

    async def added(self, new: NewFile) -> File:
        """Write the row; the space is counted by the caller."""
        if new.may_rename:
            new = replace(new, name=await self._free_name(new.owner, new.name))
        file = await self._files.add(new, self._now)
        self._publish(file.created())
        return file

    async def delete(self, owner: int, file_id: FileId) -> None:
        """Delete the file and give its space back; its contents go once this is committed."""
        await self._space.lock()
        file = await self._files.find(owner, file_id)
        if file is None:
            raise NoSuchFileError(id=file_id)
        await self._files.delete(file.id)
        await self._space.change(lambda space: space.without_file(file.size))
        await self._erase_later(file.key)
        self._publish(file.deleted())

    async def _free_name(self, owner: int, name: str) -> str:
        for candidate in (name, *alternatives(name)):
            if not await self._files.is_taken(owner, candidate):
                return candidate
        raise NameTakenError(name=name)
