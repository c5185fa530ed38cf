"""A portal's lists and customs in the database.

A list that is the same in every language is stored only once somebody has changed it: nodes of a version
that does not know it yet cannot read it. So are the columns that came later: NULL is as in the defaults.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, func, insert, select, update

from db.errors import ContendedError, DuplicateKeyError
from db.sessions import ReadSession, Row, WriteSession
from db.statements import Statement
from portal.modules.crm.contracts import EntryId, ListKind, Semantics
from portal.modules.crm.domain.lists import (
    Customs,
    ListEntry,
    PortalLists,
    find_default,
    in_order,
    unchanged_entries,
)
from portal.modules.crm.errors import ListEntryTakenError
from portal.modules.crm.repository.fields import read_fields
from portal.modules.crm.tables import customs, leads, statuses

_COLUMNS = (
    *("kind", "code", "name", "position", "colour"),
    *("number", "semantics", "default_name"),
)
_MINE = statuses.c.portal_id == bindparam("portal_id")
_ENTRIES = Statement(select(*(statuses.c[name] for name in _COLUMNS)).where(_MINE))
_CUSTOMS = Statement(
    select(customs.c.currency, customs.c.phone_region).where(
        customs.c.portal_id == bindparam("portal_id")
    )
)
_ADD_ENTRY = Statement(insert(statuses), columns=("portal_id", *_COLUMNS))
_ADD_CUSTOMS = Statement(insert(customs), columns=("portal_id", "currency", "phone_region"))
_THIS = (_MINE, statuses.c.kind == bindparam("of"), statuses.c.code == bindparam("wanted"))
_SAVE_ENTRY = Statement(
    update(statuses)
    .where(*_THIS)
    .values(
        {name: bindparam(f"new_{name}") for name in ("name", "position", "colour", "default_name")}
    )
)
_REMOVE_ENTRY = Statement(delete(statuses).where(*_THIS))
_STORED = Statement(
    select(statuses.c.code).where(_MINE, statuses.c.kind == bindparam("of")).limit(1)
)
_HOLDERS: Mapping[ListKind, ColumnElement[Any]] = {
    ListKind.LEAD_STATUS: leads.c.status,
    ListKind.LEAD_SOURCE: leads.c.source,
    ListKind.HONORIFIC: func.json_value(leads.c.extras, "$.honorific"),
}
_USED = {
    kind: Statement(
        select(leads.c.id)
        .where(leads.c.portal_id == bindparam("portal_id"), column == bindparam("wanted"))
        .limit(1)
    )
    for kind, column in _HOLDERS.items()
}


async def read_lists(session: ReadSession) -> PortalLists:
    """Return the lists of the session's portal, its own fields with them."""
    row = await session.first(_CUSTOMS)
    if row is None:
        raise LookupError(f"portal {session.portal} was founded without its lists")
    entries = [_to_domain(row) for row in await session.all(_ENTRIES)]
    stored = {entry.kind for entry in entries}
    for kind in ListKind:
        if kind not in stored:
            entries += unchanged_entries(kind)
    return PortalLists(in_order(entries), Customs(*row), await read_fields(session))


async def add_lists(session: WriteSession, lists: PortalLists) -> None:
    """Give a new portal its lists."""
    await session.insert(
        _ADD_CUSTOMS, currency=lists.customs.currency, phone_region=lists.customs.phone_region
    )
    entries = [entry for entry in lists.entries if not unchanged_entries(entry.kind)]
    await session.insert_many(_ADD_ENTRY, [_row(entry) for entry in entries])


class ListStore:
    """The entries of a portal's lists, inside a transaction."""

    def __init__(self, session: WriteSession) -> None:
        self._writer = session

    async def add(self, entry: ListEntry) -> None:
        """Insert; raises ``ListEntryTakenError``, or ``ContendedError`` when two do at once."""
        await self._store(entry.kind)
        try:
            await self._writer.insert(_ADD_ENTRY, **_row(entry))
        except DuplicateKeyError as error:
            if error.index == "PRIMARY":
                raise ListEntryTakenError(given=entry.code) from None
            raise ContendedError from None

    async def save(self, entry: ListEntry) -> None:
        """Write what has changed."""
        await self._store(entry.kind)
        row = {f"new_{name}": value for name, value in _row(entry).items()}
        await self._writer.change(_SAVE_ENTRY, of=entry.kind.value, wanted=entry.code, **row)

    async def remove(self, entry: ListEntry) -> None:
        """Remove the entry."""
        await self._store(entry.kind)
        await self._writer.change(_REMOVE_ENTRY, of=entry.kind.value, wanted=entry.code)

    async def is_used(self, entry: ListEntry) -> bool:
        """Whether a lead holds the entry."""
        return await self._writer.first(_USED[entry.kind], wanted=entry.code) is not None

    async def _store(self, kind: ListKind) -> None:
        """Store the list if nobody has changed it so far."""
        if await self._writer.first(_STORED, of=kind.value) is None:
            rows = [_row(entry) for entry in unchanged_entries(kind)]
            await self._writer.insert_many(_ADD_ENTRY, rows)


def _row(entry: ListEntry) -> dict[str, Any]:
    return {
        "kind": entry.kind.value,
        "code": entry.code,
        "name": entry.name,
        "position": entry.position,
        "colour": entry.colour,
        "number": entry.id,
        "semantics": entry.semantics,
        "default_name": entry.default_name,
    }


def _to_domain(row: Row) -> ListEntry:
    """Map a row of ``_COLUMNS``."""
    kind, code, name, position, colour, number, semantics, default_name = row
    default = find_default(ListKind(kind), code)
    assert default is not None or number is not None  # noqa: S101  # all others have got a number
    return ListEntry(
        ListKind(kind),
        code,
        name,
        position,
        colour,
        EntryId(default.id if number is None and default else number),
        _semantics(semantics, default),
        is_system=default is not None and default.is_system,
        default_name=name if default_name is None else default_name,
    )


def _semantics(stored: str | None, default: ListEntry | None) -> Semantics | None:
    if stored is not None:
        return Semantics(stored)
    return None if default is None else default.semantics
