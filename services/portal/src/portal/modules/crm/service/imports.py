"""One step of an import: reads on in the file, and commits rows and position together."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from itertools import islice

from jobs.outcomes import Again, Done, Failed, Outcome
from kernel.facts import Fact
from portal.modules.crm.domain import leads
from portal.modules.crm.domain.importing.header import begun
from portal.modules.crm.domain.importing.order import Import
from portal.modules.crm.domain.importing.progress import Batch, fresh
from portal.modules.crm.domain.importing.records import Record, records
from portal.modules.crm.domain.importing.rows import Problem, Row, RowReader
from portal.modules.crm.domain.lists import PortalLists
from portal.modules.crm.errors import FileRefusedError
from portal.modules.crm.repository.imports import ImportStore
from portal.modules.crm.repository.leads import LeadStore
from portal.modules.crm.service.leads import blank

# A piece is in memory whole; a record must fit into one.
PIECE_BYTES = 2 * 1024 * 1024
BATCH_RECORDS = 200
# Reading a record takes some 100 µs: others use the event loop, too.
RECORDS_IN_A_ROW = 20


@dataclass(frozen=True, slots=True)
class Work:
    """What one transaction of an import works with."""

    imports: ImportStore
    leads: LeadStore
    publish: Callable[[Fact], None]


class ImportStep:
    """Takes an import as far as the time allows."""

    def __init__(
        self,
        *,
        running: Import,
        lists: PortalLists,
        read: Callable[[int, int], Awaitable[bytes]],
        remove_file: Callable[[], Awaitable[None]],
        transaction: Callable[[], AbstractAsyncContextManager[Work]],
        time_is_up: Callable[[], bool],
    ) -> None:
        """``read`` returns so many bytes of the file from an offset on, fewer only at its end."""
        self._import = running
        self._order = running.order
        self._saved = self._progress = running.progress
        self._lists = lists
        self._read = read
        self._remove_file = remove_file
        self._transaction = transaction
        self._time_is_up = time_is_up

    async def take(self) -> Outcome:
        """Do the step."""
        try:
            return await self._taken()
        except _OvertakenError:
            return Again()

    async def _taken(self) -> Outcome:
        try:
            while self._progress.offset < self._order.size:
                await self._take_piece()
                if self._time_is_up():
                    return Again()
        except FileRefusedError as refused:
            await self._end(refused)
            return Failed(refused.reason)
        await self._end(None)
        return Done()

    async def _take_piece(self) -> None:
        start = self._progress.offset or self._order.start
        data = await self._read(start, PIECE_BYTES)
        is_last = start + len(data) >= self._order.size
        if not self._progress.columns:
            self._progress = begun(self._order, data, is_last=is_last)
            data = data[self._progress.offset - start :]
            start = self._progress.offset
        found = records(
            data,
            encoding=self._order.encoding,
            delimiter=self._progress.delimiter,
            line=self._progress.line,
            is_last=is_last,
        )
        reader = RowReader(
            self._progress.columns,
            self._lists,
            blank(self._lists, self._import.created_by, self._order.source),
        )
        while batch := await _next_batch(found, reader):
            await self._commit(batch, start)
            if self._time_is_up():
                return
        if self._progress.offset == start and not is_last:
            raise FileRefusedError("import-record-too-long")

    async def _commit(self, batch: Batch, start: int) -> None:
        before = self._progress
        async with self._transaction() as work:
            await self._require_turn(work)
            created = await self._create(work, batch.rows)
            after = batch.after(before, start=start, created=created)
            kept = batch.problems[: before.room_for_problems]
            await work.imports.note(self._import.id, before.problems + 1, kept)
            await work.imports.save(self._import.id, after)
        self._saved = self._progress = after

    async def _create(self, work: Work, rows: Sequence[Row]) -> int:
        """Create the leads that are not there yet, or only count them; return how many."""
        known = set(await work.leads.known(rows))
        if self._order.dry_run:
            return sum(row.key not in known for row in rows)
        new = fresh(rows, known)
        for lead, details in await work.leads.add_imported(new):
            work.publish(leads.created(lead, details, import_id=self._import.id))
        return len(new)

    async def _require_turn(self, work: Work) -> None:
        stored = await work.imports.find_for_update(self._import.id)
        if stored is None or stored.is_over or stored.progress != self._saved:
            raise _OvertakenError

    async def _end(self, refused: FileRefusedError | None) -> None:
        """Remove the file first: if that fails, or we die now, the next step does it again."""
        await self._remove_file()
        async with self._transaction() as work:
            await self._require_turn(work)
            await work.imports.save(self._import.id, self._progress)
            if refused is None:
                await work.imports.complete(self._import.id)
            else:
                await work.imports.fail(self._import.id, refused)


class _OvertakenError(Exception):
    """Somebody else has taken the import further meanwhile, or ended it."""


async def _next_batch(found: Iterator[Record], reader: RowReader) -> Batch | None:
    rows: list[Row] = []
    refused: list[Sequence[Problem]] = []
    last = None
    for number, last in enumerate(islice(found, BATCH_RECORDS), start=1):
        read = reader.read(last)
        if isinstance(read, Row):
            rows.append(read)
        elif read is not None:
            refused.append(read)
        if number % RECORDS_IN_A_ROW == 0:
            await asyncio.sleep(0)
    return None if last is None else Batch(rows, refused, last.end, last.end_line)
