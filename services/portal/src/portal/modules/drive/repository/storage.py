"""The portal's account in the object store, and how much space it uses."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update

from db.sessions import ReadSession, WriteSession
from db.statements import Statement
from portal.modules.drive.domain.space import Space
from portal.modules.drive.tables import drive_storage as storage

_MINE = storage.c.portal_id == bindparam("portal_id")
_SPACE = select(storage.c.bytes, storage.c.files, storage.c.reserved, storage.c.sweep_due_at)
_FIND_SPACE = Statement(_SPACE.where(_MINE))
_FIND_SPACE_FOR_UPDATE = Statement(_SPACE.where(_MINE).with_for_update())
_FIND_ACCOUNT = Statement(
    select(storage.c.bucket, storage.c.access_key, storage.c.secret).where(_MINE)
)
_FIND_SWEEP = Statement(select(storage.c.swept_to, storage.c.changed_at).where(_MINE))
_ADD = Statement(
    insert(storage),
    columns=(
        *("portal_id", "bucket", "access_key", "secret", "bytes", "files", "reserved"),
        *("changed_at", "swept_to"),
    ),
)
_SAVE_SPACE = Statement(
    update(storage)
    .where(_MINE)
    .values(
        bytes=bindparam("new_bytes"),
        files=bindparam("new_files"),
        reserved=bindparam("new_reserved"),
        changed_at=bindparam("now"),
        sweep_due_at=bindparam("due_at"),
    )
)
_SAVE_SWEEP = Statement(
    update(storage).where(_MINE).values(swept_to=bindparam("key"), sweep_due_at=bindparam("due_at"))
)


@dataclass(frozen=True, slots=True)
class SealedAccount:
    """The account as it lies in the database."""

    bucket: str
    access_key: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Swept:
    """How far the keys were compared with the rows, and when the drive last changed."""

    to: str
    changed_at: datetime


class StorageRepository:
    """The storage of one portal."""

    def __init__(self, session: ReadSession) -> None:
        self._session = session

    async def space(self) -> Space:
        """Return what is used, as of now."""
        row = await self._session.first(_FIND_SPACE)
        if row is None:
            raise LookupError(f"portal {self._session.portal} has no storage")
        return Space(*row[:3])

    async def account(self) -> SealedAccount:
        """Return the sealed account."""
        row = await self._session.first(_FIND_ACCOUNT)
        if row is None:
            raise LookupError(f"portal {self._session.portal} has no storage")
        return SealedAccount(*(value.decode() for value in row))

    async def swept(self) -> Swept:
        """Return how far the sweep is."""
        row = await self._session.first(_FIND_SWEEP)
        if row is None:
            raise LookupError(f"portal {self._session.portal} has no storage")
        return Swept(row[0].decode(), row[1])


class StorageStore(StorageRepository):
    """The storage of one portal, inside a transaction."""

    def __init__(self, session: WriteSession) -> None:
        super().__init__(session)
        self._writer = session

    async def add(self, account: SealedAccount) -> None:
        """Insert the account of a new portal."""
        await self._writer.insert(
            _ADD,
            bucket=account.bucket.encode(),
            access_key=account.access_key.encode(),
            secret=account.secret.encode(),
            bytes=0,
            files=0,
            reserved=0,
            changed_at=self._writer.now,
            swept_to=b"",
        )

    async def space_for_update(self) -> tuple[Space, datetime | None]:
        """Return what is used and when the next sweep is due; every other change now waits for us."""
        row = await self._writer.first(_FIND_SPACE_FOR_UPDATE)
        if row is None:
            raise LookupError(f"portal {self._writer.portal} has no storage")
        return Space(*row[:3]), row[3]

    async def save_space(self, space: Space, sweep_due_at: datetime | None) -> None:
        """Write what is used now."""
        await self._writer.change(
            _SAVE_SPACE,
            new_bytes=space.bytes,
            new_files=space.files,
            new_reserved=space.reserved,
            now=self._writer.now,
            due_at=sweep_due_at,
        )

    async def save_sweep(self, to: str, due_at: datetime | None) -> None:
        """Write how far the sweep is and when it goes on."""
        await self._writer.change(_SAVE_SWEEP, key=to.encode(), due_at=due_at)
