"""Builds the services of the drive from a session, or from a request that opens its own."""

from collections.abc import Collection
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial

from blobs.bucket import Bucket
from db.sessions import ReadSession, WriteSession
from jobs import queue
from portal.context import RequestContext
from portal.modules.drive.contracts import UploadId
from portal.modules.drive.domain.files import File
from portal.modules.drive.domain.uploads import Upload
from portal.modules.drive.repository.files import FileRepository, FileStore
from portal.modules.drive.repository.storage import StorageRepository, StorageStore
from portal.modules.drive.repository.uploads import UploadRepository, UploadStore
from portal.modules.drive.service.admission import RequireRoom
from portal.modules.drive.service.completing import Completion
from portal.modules.drive.service.files import FileService
from portal.modules.drive.service.slots import Slots
from portal.modules.drive.service.space import SpaceKeeper
from portal.modules.drive.service.sweeping import Progress, Sweep, note
from portal.modules.drive.service.uploads import UploadService
from portal.modules.drive.wiring.accounts import bucket_of, found
from portal.modules.licence import facade as licence
from portal.unit import transaction

ERASE, SWEEP = "drive.erase", "drive.sweep"
# With waits of up to 15 minutes most of a day: the object store may be down overnight.
ERASE_ATTEMPTS = 100

_slots = Slots()


def slot(context: RequestContext) -> AbstractContextManager[None]:
    """Take one of this node's slots for uploads."""
    return _slots.taken(context.route.portal)


def files(session: ReadSession) -> FileRepository:
    """Return the files of the session's portal, to read."""
    return FileRepository(session)


def uploads(session: ReadSession) -> UploadRepository:
    """Return the uploads of the session's portal, to read."""
    return UploadRepository(session)


def storage(session: ReadSession) -> StorageRepository:
    """Return the storage of the session's portal, to read."""
    return StorageRepository(session)


async def room(session: ReadSession) -> RequireRoom:
    """Return what raises ``StorageLimitError`` unless so many bytes fit, as of now."""
    plan = await licence.plan_of(session)
    return partial(licence.require_room_for_bytes, plan, (await storage(session).space()).taken)


def file_service(session: WriteSession) -> FileService:
    """Return the use cases of files."""
    return FileService(
        files=FileStore(session),
        space=_space(session),
        erase_later=partial(_erase_later, session),
        publish=session.publish,
        now=session.now,
    )


def upload_service(session: WriteSession) -> UploadService:
    """Return the use cases of uploads."""
    return UploadService(
        uploads=UploadStore(session),
        files=FileStore(session),
        making=file_service(session),
        space=_space(session),
        erase_later=partial(_erase_upload_later, session),
        now=session.now,
    )


def completion(context: RequestContext, bucket: Bucket, *, may_rename: bool) -> Completion:
    """Return what makes a file of an upload, in transactions of its own."""
    owner = context.user.user_id

    async def finish(upload: UploadId) -> File:
        return await transaction(
            context, lambda s: upload_service(s).finish(owner, upload, may_rename=may_rename)
        )

    async def cancel(upload: UploadId) -> None:
        await transaction(context, lambda s: upload_service(s).cancel(owner, upload))

    return Completion(bucket=bucket, finish=finish, cancel=cancel)


def sweep(context: RequestContext, bucket: Bucket) -> Sweep:
    """Return the sweep of the portal, in transactions of its own."""

    async def drop_expired() -> int:
        return await transaction(context, lambda s: upload_service(s).drop_expired())

    async def known_keys(keys: Collection[str]) -> frozenset[str]:
        async with context.reading() as session:
            return await files(session).known_keys(keys)

    return Sweep(bucket=bucket, drop_expired=drop_expired, known_keys=known_keys)


async def note_sweep(session: WriteSession, progress: Progress, now: datetime) -> datetime | None:
    """Write how far the sweep is; return when it goes on."""
    return await note(StorageStore(session), progress, now)


def _space(session: WriteSession) -> SpaceKeeper:
    async def require_room(used: int, more: int) -> None:
        licence.require_room_for_bytes(await licence.plan_of(session), used, more)

    return SpaceKeeper(
        storage=StorageStore(session),
        require_room=require_room,
        sweep_later=partial(_sweep_later, session),
        now=session.now,
    )


async def _erase_later(session: WriteSession, key: str, handle: str | None = None) -> None:
    payload = {"key": key, "handle": handle}
    await queue.enqueue(session, ERASE, payload, max_attempts=ERASE_ATTEMPTS)


async def _erase_upload_later(session: WriteSession, upload: Upload) -> None:
    await _erase_later(session, upload.file.key, upload.handle)


async def _sweep_later(session: WriteSession, at: datetime) -> None:
    await queue.enqueue(session, SWEEP, {}, run_at=at)


__all__ = [
    "ERASE",
    "SWEEP",
    "bucket_of",
    "completion",
    "file_service",
    "files",
    "found",
    "note_sweep",
    "room",
    "slot",
    "storage",
    "sweep",
    "upload_service",
    "uploads",
]
