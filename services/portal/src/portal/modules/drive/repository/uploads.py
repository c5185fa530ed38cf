"""Uploads under way in the database."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update

from db.sessions import ReadSession, Row, WriteSession
from db.statements import Statement
from portal.modules.drive.contracts import FileId, UploadId
from portal.modules.drive.domain.files import NewFile
from portal.modules.drive.domain.uploads import Upload
from portal.modules.drive.tables import drive_uploads as uploads

_COLUMNS = (
    uploads.c.id,
    uploads.c.owner_id,
    uploads.c.name,
    uploads.c.size,
    uploads.c.content_type,
    uploads.c.sha256,
    uploads.c.object_key,
    uploads.c.may_rename,
    uploads.c.handle,
    uploads.c.part_size,
    uploads.c.expires_at,
    uploads.c.file_id,
)
_IN_PORTAL = uploads.c.portal_id == bindparam("portal_id")
_OWN = (
    _IN_PORTAL,
    uploads.c.owner_id == bindparam("owner"),
    uploads.c.expires_at > bindparam("now"),
)
_FIND = Statement(select(*_COLUMNS).where(*_OWN, uploads.c.id == bindparam("upload")))
_OPEN = Statement(
    select(*_COLUMNS)
    .where(*_OWN, uploads.c.file_id.is_(None), uploads.c.id > bindparam("after"))
    .order_by(uploads.c.id)
    .limit(bindparam("limit"))
)
_EXPIRED = Statement(
    select(*_COLUMNS)
    .where(_IN_PORTAL, uploads.c.expires_at <= bindparam("now"))
    .order_by(uploads.c.expires_at)
    .limit(bindparam("limit"))
)
_ADD = Statement(
    insert(uploads),
    columns=(
        *("portal_id", "owner_id", "name", "may_rename", "size", "content_type", "sha256"),
        *("object_key", "handle", "part_size", "expires_at"),
    ),
)
_COMPLETE = Statement(
    update(uploads)
    .where(_IN_PORTAL, uploads.c.id == bindparam("upload"))
    .values(file_id=bindparam("file"))
)
_DELETE = Statement(delete(uploads).where(_IN_PORTAL, uploads.c.id == bindparam("upload")))


class UploadRepository:
    """Uploads of one portal; a person reaches only his own, and none that has expired."""

    def __init__(self, session: ReadSession) -> None:
        self._session = session

    async def find(self, owner: int, upload: UploadId, now: datetime) -> Upload | None:
        """Return the upload as of now."""
        row = await self._session.first(_FIND, owner=owner, upload=upload, now=now)
        return None if row is None else _to_domain(row)

    async def all_open(
        self, owner: int, now: datetime, *, after: int, limit: int
    ) -> Sequence[Upload]:
        """Return the person's unfinished uploads by id."""
        rows = await self._session.all(_OPEN, owner=owner, now=now, after=after, limit=limit)
        return [_to_domain(row) for row in rows]


class UploadStore(UploadRepository):
    """Uploads of one portal, inside a transaction."""

    def __init__(self, session: WriteSession) -> None:
        super().__init__(session)
        self._writer = session

    async def expired(self, limit: int) -> Sequence[Upload]:
        """Return uploads of anybody whose time is over."""
        rows = await self._writer.all(_EXPIRED, now=self._writer.now, limit=limit)
        return [_to_domain(row) for row in rows]

    async def add(self, file: NewFile, handle: str, part_size: int, expires_at: datetime) -> Upload:
        """Insert."""
        upload = await self._writer.insert(
            _ADD,
            owner_id=file.owner,
            name=file.name,
            may_rename=int(file.may_rename),
            size=file.size,
            content_type=file.content_type,
            sha256=file.sha256 and bytes.fromhex(file.sha256),
            object_key=file.key.encode(),
            handle=handle.encode(),
            part_size=part_size,
            expires_at=expires_at,
        )
        return Upload(UploadId(upload), file, handle, part_size, expires_at, None)

    async def complete(self, upload: UploadId, file: FileId) -> None:
        """Note what file the upload became."""
        await self._writer.change(_COMPLETE, upload=upload, file=file)

    async def delete(self, upload: UploadId) -> None:
        """Delete the row."""
        await self._writer.change(_DELETE, upload=upload)


def _to_domain(row: Row) -> Upload:
    upload, owner, name, size, content_type, sha256, key, may_rename, *rest = row
    handle, part_size, expires_at, file = rest
    sha256 = sha256 and sha256.hex()
    new = NewFile(owner, name, size, content_type, sha256, key.decode(), bool(may_rename))
    return Upload(UploadId(upload), new, handle.decode(), part_size, expires_at, file)
