"""What is decided about an upload before its bytes flow; decided again when it becomes a file."""

from collections.abc import AsyncIterable, AsyncIterator, Callable

from portal.modules.drive.domain.files import NewFile
from portal.modules.drive.errors import NameTakenError
from portal.modules.drive.repository.files import FileRepository

RequireRoom = Callable[[int], None]

# To ask about less than this takes longer than to send it in vain once in a while.
SMALL_BYTES = 1024 * 1024


async def admit(files: FileRepository, draft: NewFile, require_room: RequireRoom) -> None:
    """Raise what the sender should hear now instead of after some gigabytes."""
    require_room(draft.size)
    if not draft.may_rename and await files.is_taken(draft.owner, draft.name):
        raise NameTakenError(name=draft.name)


async def within(chunks: AsyncIterable[bytes], require_room: RequireRoom) -> AsyncIterator[bytes]:
    """Pass a stream of unknown length on as long as there is room for it."""
    seen = 0
    async for chunk in chunks:
        seen += len(chunk)
        require_room(seen)
        yield chunk
