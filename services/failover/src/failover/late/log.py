"""Late transactions as they stand in the binary log: which rows they changed, from what, to what."""

import struct
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from typing_extensions import override

from failover.compare.positions import number
from failover.database.session import Session
from failover.late.images import Image, image
from failover.late.rows import (
    Column,
    Row,
    TableMap,
    UnreadableError,
    images,
    table_map,
    table_number,
)
from failover.late.stream import Event, events

QUERY, XID, TABLE_MAP, WRITE, UPDATE, DELETE, GTID = 2, 16, 19, 23, 24, 25, 162
# Start, stop and rotation, values that a statement uses, notes about the log, comments, heartbeats
_OF_NO_MATTER = frozenset({3, 4, 5, 13, 14, 15, 27, 160, 161, 163})
_ROWS = {WRITE: "insert", UPDATE: "update", DELETE: "delete"}
_STANDALONE = 1
_LOCAL = "portico_fence"
CONTENTS = ("portico", "portico_late")

_COLUMNS = """
SELECT COLUMN_NAME, COLUMN_TYPE LIKE '%%unsigned%%', CHARACTER_SET_NAME,
       IF(DATA_TYPE = 'binary', CHARACTER_MAXIMUM_LENGTH, 0), COLUMN_KEY = 'PRI'
FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s ORDER BY ORDINAL_POSITION
"""
_READABLE_TEXTS = ("utf8mb4", "utf8mb3", "ascii")


@dataclass(frozen=True, slots=True)
class Gtid:
    """The name of a transaction."""

    domain: int
    server: int
    number: int

    @override
    def __str__(self) -> str:
        return f"{self.domain}-{self.server}-{self.number}"


@dataclass(frozen=True, slots=True)
class Change:
    """One row that a late transaction changed; ``statement``: what cannot be told row by row."""

    kind: str
    table: str
    key: Image
    before: Image | None = None
    after: Image | None = None
    statement: str | None = None


@dataclass(frozen=True, slots=True)
class Begin:
    """A transaction begins."""

    gtid: Gtid
    at: int


@dataclass(frozen=True, slots=True)
class End:
    """The transaction was committed."""


Entry = Begin | Change | End


@dataclass(frozen=True, slots=True)
class _Shape:
    columns: tuple[Column, ...]
    key: tuple[int, ...]

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]


@dataclass(slots=True)
class LogReader:
    """Reads the log of one server; ``described`` is another session to it."""

    logged: Session
    described: Session
    _maps: dict[int, TableMap] = field(default_factory=dict)
    _shapes: dict[tuple[str, str], _Shape] = field(default_factory=dict)
    _is_open: bool = False
    _is_standalone: bool = False

    async def entries(
        self, after: Mapping[int, str], upto: Mapping[int, str]
    ) -> AsyncIterator[Entry]:
        """Yield the transactions of ``upto`` that ``after`` lacks, in the order of the log."""
        reached = {domain: number(gtid) for domain, gtid in after.items()}
        async for event in events(self.logged, after):
            async for entry in self._entries(event):
                if isinstance(entry, Begin):
                    reached[entry.gtid.domain] = entry.gtid.number
                yield entry
        missing = [g for d, g in upto.items() if reached.get(d, 0) < number(g)]
        if missing or self._is_open:
            raise UnreadableError(f"the log ends before {', '.join(missing) or 'a commit'}")

    async def _entries(self, event: Event) -> AsyncIterator[Entry]:
        if event.kind in _ROWS:
            async for change in self._changes(event):
                yield change
        elif event.kind == TABLE_MAP:
            place, table = table_map(event.body)
            self._maps[place] = table
        elif event.kind in (GTID, QUERY, XID):
            for entry in self._marks(event):
                yield entry
        elif event.kind not in _OF_NO_MATTER:
            raise UnreadableError(f"the log has an event of kind {event.kind}")

    def _marks(self, event: Event) -> list[Entry]:
        if event.kind == GTID:
            return [self._begin(event)]
        return [self._end()] if event.kind == XID else self._query(event)

    def _begin(self, event: Event) -> Begin:
        sequence, domain, flags = struct.unpack_from("<QIB", event.body)
        self._is_open, self._is_standalone = True, bool(flags & _STANDALONE)
        return Begin(Gtid(domain, event.server, sequence), event.at)

    def _end(self) -> End:
        self._is_open = False
        return End()

    def _query(self, event: Event) -> list[Entry]:
        """A statement: the end of a transaction, or a change that has no rows, as of a schema."""
        _, _, named, _, status = struct.unpack_from("<IIBHH", event.body)
        text = event.body[13 + status + named + 1 :].decode(errors="replace")
        if text in ("COMMIT", "ROLLBACK"):
            return [self._end()]
        if text == "BEGIN":
            return []
        change = Change("statement", "", {}, statement=text)
        return [change, self._end()] if self._is_standalone else [change]

    async def _changes(self, event: Event) -> AsyncIterator[Change]:
        table = self._maps[table_number(event.body)]
        if table.database == _LOCAL:
            return
        if table.database not in CONTENTS:
            yield Change("statement", "", {}, statement=f"rows of {table.database}.{table.name}")
            return
        shape = await self._shape(table)
        is_update = event.kind == UPDATE
        rows = images(event.body, table, shape.columns, is_update=is_update)
        for row in rows:
            before = None if event.kind == WRITE else row
            after = next(rows) if is_update else row if event.kind == WRITE else None
            yield _change(_ROWS[event.kind], table, shape, before, after)

    async def _shape(self, table: TableMap) -> _Shape:
        """Ask the server for what the log does not say; nobody has changed the schema since."""
        name = (table.database, table.name)
        if name not in self._shapes:
            rows = await self.described.rows(_COLUMNS, name)
            for column, _, charset, _, _ in rows:
                if charset is not None and charset not in _READABLE_TEXTS:
                    raise UnreadableError(f"{table.name}.{column} is in {charset}")
            self._shapes[name] = _Shape(
                tuple(
                    Column(column, bool(unsigned), charset is not None, int(size))
                    for column, unsigned, charset, size, _ in rows
                ),
                tuple(place for place, row in enumerate(rows) if row[4]),
            )
        return self._shapes[name]


def _change(
    kind: str, table: TableMap, shape: _Shape, before: Row | None, after: Row | None
) -> Change:
    row = before if before is not None else after or []
    if not shape.key:
        raise UnreadableError(f"{table.database}.{table.name} has no primary key")
    return Change(
        kind,
        f"{table.database}.{table.name}",
        image([shape.columns[place].name for place in shape.key], [row[p] for p in shape.key]),
        None if before is None else image(shape.names, before),
        None if after is None else image(shape.names, after),
    )
