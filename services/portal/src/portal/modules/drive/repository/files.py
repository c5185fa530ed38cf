"""Files in the database."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, bindparam, delete, insert, select

from db.errors import DuplicateKeyError
from db.sessions import ReadSession, Row, WriteSession
from db.statements import Statement, literally
from portal.modules.drive.contracts import FileId
from portal.modules.drive.domain.files import File, NewFile
from portal.modules.drive.domain.listing import Order, Position
from portal.modules.drive.errors import NameTakenError
from portal.modules.drive.tables import drive_files as files

_COLUMNS = (
    files.c.id,
    files.c.owner_id,
    files.c.name,
    files.c.size,
    files.c.content_type,
    files.c.sha256,
    files.c.object_key,
    files.c.created_at,
)
_IN_PORTAL = files.c.portal_id == bindparam("portal_id")
_OWN = (_IN_PORTAL, files.c.owner_id == bindparam("owner"))
_FIND = Statement(select(*_COLUMNS).where(*_OWN, files.c.id == bindparam("file")))
_FIND_NAME = Statement(select(files.c.id).where(*_OWN, files.c.name == bindparam("name")))
_ADD = Statement(
    insert(files),
    columns=(
        *("portal_id", "owner_id", "name", "size", "content_type", "sha256"),
        *("object_key", "created_at"),
    ),
)
_DELETE = Statement(delete(files).where(_IN_PORTAL, files.c.id == bindparam("file")))

_SORTED_BY = {
    Order.ID: (files.c.id,),
    Order.NAME: (files.c.name,),  # one person's names are unique
    Order.NEWEST: (files.c.created_at.desc(), files.c.id.desc()),
}
_AFTER: dict[Order, ColumnElement[bool]] = {
    Order.ID: files.c.id > bindparam("last_id"),
    Order.NAME: files.c.name > bindparam("last_name", type_=String),
    # "older, or of the same instant and before it", spelt so that the index is used
    Order.NEWEST: (files.c.created_at <= bindparam("last_at"))
    & ((files.c.created_at < bindparam("last_at")) | (files.c.id < bindparam("last_id"))),
}


def _listing(order: Order, *, first_page: bool, search: bool) -> Statement:
    query = select(*_COLUMNS).where(*_OWN)
    if not first_page:
        query = query.where(_AFTER[order])
    if search:
        query = query.where(files.c.name.like(bindparam("like", type_=String)))
    return Statement(query.order_by(*_SORTED_BY[order]).limit(bindparam("limit")))


_LISTINGS = {
    (order, first_page, search): _listing(order, first_page=first_page, search=search)
    for order in Order
    for first_page in (True, False)
    for search in (True, False)
}


class FileRepository:
    """Files of one portal; a person reaches only his own."""

    def __init__(self, session: ReadSession) -> None:
        self._session = session

    async def find(self, owner: int, file: FileId) -> File | None:
        """Return the file as of now."""
        row = await self._session.first(_FIND, owner=owner, file=file)
        return None if row is None else _to_domain(row)

    async def is_taken(self, owner: int, name: str) -> bool:
        """Tell whether the person has a file of this name, however it is capitalised."""
        return await self._session.first(_FIND_NAME, owner=owner, name=name) is not None

    async def all(
        self, owner: int, order: Order, *, after: Position | None, search: str | None, limit: int
    ) -> Sequence[File]:
        """Return files in order, those behind ``after``; ``search`` is a part of the name."""
        statement = _LISTINGS[order, after is None, search is not None]
        values: dict[str, Any] = {"owner": owner, "limit": limit}
        if after is not None:
            values |= {"last_id": after.id, "last_name": after.name, "last_at": after.created_at}
        if search is not None:
            values["like"] = f"%{literally(search)}%"
        return [_to_domain(row) for row in await self._session.all(statement, **values)]

    async def known_keys(self, keys: Collection[str]) -> frozenset[str]:
        """Return those keys that belong to a file of the portal."""
        if not keys:
            return frozenset()
        query = select(files.c.object_key).where(
            _IN_PORTAL, files.c.object_key.in_([key.encode() for key in keys])
        )
        rows = await self._session.all(Statement(query))
        return frozenset(row[0].decode() for row in rows)


class FileStore(FileRepository):
    """Files of one portal, inside a transaction."""

    def __init__(self, session: WriteSession) -> None:
        super().__init__(session)
        self._writer = session

    async def add(self, new: NewFile, at: datetime) -> File:
        """Insert; raises ``NameTakenError``."""
        try:
            file = await self._writer.insert(
                _ADD,
                owner_id=new.owner,
                name=new.name,
                size=new.size,
                content_type=new.content_type,
                sha256=new.sha256 and bytes.fromhex(new.sha256),
                object_key=new.key.encode(),
                created_at=at,
            )
        except DuplicateKeyError:
            raise NameTakenError(name=new.name) from None
        return File(
            FileId(file),
            new.owner,
            new.name,
            new.size,
            new.content_type,
            new.sha256,
            new.key,
            at,
        )

    async def delete(self, file: FileId) -> None:
        """Delete the row."""
        await self._writer.change(_DELETE, file=file)


def _to_domain(row: Row) -> File:
    file, owner, name, size, content_type, sha256, key, created_at = row
    return File(
        FileId(file),
        owner,
        name,
        size,
        content_type,
        sha256 and sha256.hex(),
        key.decode(),
        created_at,
    )
