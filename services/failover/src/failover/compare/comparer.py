"""Compares all contents of one server with its peer's."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from db.engine import Address
from failover.compare import tables
from failover.compare.digests import Key, column_digests, row_digests
from failover.compare.positions import catch_up
from failover.compare.recheck import ROWS_AT_ONCE, really_differing
from failover.compare.report import Report
from failover.compare.tables import PORTAL, Table
from failover.compare.walk import Pair, Walk
from failover.database.session import Session, session
from failover.state import Comparison

_log = logging.getLogger(__name__)

DATABASES = ("portico", "portico_late")
"""All that replicates; the fence is each server's own."""


class Comparer:
    """Compares the server at ``own`` with the one at ``peer``; reads only, and may be cancelled any time.

    ``report`` is that of the last run, also while it runs.
    """

    def __init__(self, own: Address, peer: Address, databases: Sequence[str] = DATABASES) -> None:
        self._own = own
        self._peer = peer
        self._databases = databases
        self.report: Report | None = None

    async def run(
        self, revision: int, progress: Callable[[str], None] = lambda text: None
    ) -> Comparison:
        """Compare everything; ``progress`` is told how far it is.

        Raises ``ServerError`` or ``BehindError`` when a server does not answer or its applier stands:
        then nothing is known, and it is begun anew.
        """
        report = self.report = Report(revision)
        async with session(self._own) as own, session(self._peer) as peer:
            await catch_up(own, peer)
            comparison = _Run(own, peer, report, progress)
            await comparison.everything(self._databases)
        report.ended_at = datetime.now(UTC)
        _log.info("contents compared", extra={"comparison": report.summary()})
        return Comparison(revision, report.is_equal)


@dataclass(slots=True)
class _Run:
    own: Session
    peer: Session
    report: Report
    progress: Callable[[str], None]
    found: list[Table] = field(default_factory=list)

    async def everything(self, databases: Sequence[str]) -> None:
        for database in databases:
            await self._pair_tables(database)
        self.report.tables = len(self.found)
        for table in self.found:
            await self._table(table)
            self.report.tables_done += 1
            self.progress(self.report.sentence())

    async def _pair_tables(self, database: str) -> None:
        """Find the tables that both servers have alike; each other one is a difference."""
        own = set(await tables.names(self.own, database))
        peer = set(await tables.names(self.peer, database))
        for name in sorted(own ^ peer):
            problem = "table is missing" if name in peer else "table is extra"
            self.report.note_table(f"{database}.{name}", problem)
        for name in sorted(own & peer):
            table = await tables.read(self.own, database, name)
            if table != await tables.read(self.peer, database, name):
                self.report.note_table(f"{database}.{name}", "definitions differ")
            elif not table.key:
                self.report.note_table(f"{database}.{name}", "has no primary key")
            else:
                self.found.append(table)

    async def _table(self, table: Table) -> None:
        async for pair in Walk(self.own, self.peer, table).ranges():
            self.report.rows += pair.count
            if pair.own != pair.peer:
                await self._rows(table, pair)
            self.progress(self.report.sentence())

    async def _rows(self, table: Table, pair: Pair) -> None:
        own = await row_digests(self.own, table, pair.rows, pair.limit)
        peer = await row_digests(self.peer, table, pair.rows, pair.limit)
        doubtful = [key for key in {**own, **peer} if own.get(key) != peer.get(key)]
        self.report.rechecked += len(doubtful)
        for keys in _batches(doubtful):
            for key in await really_differing(self.own, self.peer, table, keys):
                await self._note(table, key)

    async def _note(self, table: Table, key: Key) -> None:
        name = f"{table.database}.{table.name}"
        portal = _portal(table, key)
        if not self.report.names_more(name, portal):
            self.report.note_row(name, portal, key, "", [])
            return
        own = await column_digests(self.own, table, key)
        peer = await column_digests(self.peer, table, key)
        kind = "changed" if own and peer else "extra" if own else "missing"
        columns = [column for column in own if peer and own[column] != peer[column]]
        self.report.note_row(name, portal, key, kind, columns)


def _portal(table: Table, key: Key) -> int | None:
    """Return the portal of a row, which every portal's table has in its key."""
    if PORTAL not in table.key:
        return None
    value = key[table.key.index(PORTAL)]
    return value if isinstance(value, int) else None


def _batches(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    for start in range(0, len(keys), ROWS_AT_ONCE):
        yield keys[start : start + ROWS_AT_ONCE]
