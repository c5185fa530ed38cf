"""An import is cut off at every point where it can be, on a real database: nothing lost, nothing twice."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any

import pytest
from sqlalchemy import bindparam, func, select

from db.engine import Database
from db.errors import ContendedError
from db.journal import journal
from db.sessions import Ownership, reading, writing
from db.statements import Statement
from jobs.outcomes import Done, Failed, Outcome
from portal.modules.crm.domain.importing.order import Import, ImportId, ImportOrder, ImportState
from portal.modules.crm.domain.importing.rows import Problem
from portal.modules.crm.domain.lists import default_lists
from portal.modules.crm.errors import FileRefusedError
from portal.modules.crm.repository.imports import ImportRepository, ImportStore
from portal.modules.crm.repository.leads import LeadStore
from portal.modules.crm.repository.lists import add_lists
from portal.modules.crm.service import imports
from portal.modules.crm.service.imports import ImportStep, Work
from portal.modules.crm.tables import leads, lookups
from testkit.bare_portals import BarePortals

LISTS = default_lists("ru")
ROWS = 45
# rows 11 and 31 of the file are wrong, row 21 says the same as row 20
LINES = [
    "Название;Телефон;Сумма",
    *(f"Заявка {n};8 495 {n:07};{'?' if n in {10, 30} else n}" for n in range(ROWS)),
]
LINES[21] = LINES[20]
FILE = "\n".join(LINES).encode("cp1251")
CREATED, DUPLICATES, FAILED = 42, 1, 2


class CrashError(Exception):
    """The node died here."""


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "BATCH_RECORDS", 10)
    monkeypatch.setattr(imports, "PIECE_BYTES", 500)


@dataclass
class Rehearsal:
    """A portal, a file, and a node that dies at will."""

    database: Database
    portal: Ownership
    data: bytes = FILE
    removed: list[str] = field(default_factory=list)
    dies_before_commit: set[int] = field(default_factory=set)
    dies_after_commit: set[int] = field(default_factory=set)
    transactions: Any = field(default_factory=count)

    async def begin(self, **changes: Any) -> ImportId:
        asked = {
            "key": secrets.token_hex(4),
            "size": len(self.data),
            "lines": len(LINES),
            "start": 0,
            "encoding": "cp1251",
            "delimiter": None,
            "dry_run": False,
            "source": None,
            **changes,
        }
        async with writing(self.database, self.portal) as session:
            session.actor = 1
            return await ImportStore(session).begin(ImportOrder(**asked))

    async def find(self, import_id: ImportId) -> Import:
        async with reading(self.database, self.portal.portal) as session:
            found = await ImportRepository(session).find(import_id)
        assert found is not None
        return found

    async def problems(self, import_id: ImportId) -> list[Problem]:
        async with reading(self.database, self.portal.portal) as session:
            found = await ImportRepository(session).problems(import_id, after=0, limit=100)
        return [problem for _, problem in found]

    async def step(self, import_id: ImportId, *, batches: int = 1) -> Outcome:
        """Do one step of at most so many batches."""
        left = iter([False] * (batches - 1))
        running = await self.find(import_id)
        return await ImportStep(
            running=running,
            lists=LISTS,
            read=partial(self._read, running.order.key),
            remove_file=partial(self._remove, running.order.key),
            transaction=self._transaction,
            time_is_up=lambda: next(left, True),
        ).take()

    async def to_the_end(self, import_id: ImportId) -> None:
        """Ask for steps as a worker does, however often the node dies or is busy."""
        for _ in range(100):
            if (await self.find(import_id)).is_over:
                return
            with suppress(CrashError, ContendedError):
                await self.step(import_id)
        raise AssertionError("no end")

    async def counted(self) -> tuple[int, int, int]:
        """How many leads there are, how many normalised numbers, how many facts."""
        async with reading(self.database, self.portal.portal) as session:
            rows = [
                await session.first(
                    Statement(
                        select(func.count())
                        .select_from(table)
                        .where(table.c.portal_id == bindparam("portal_id"))
                    )
                )
                for table in (leads, lookups, journal)
            ]
        a, b, c = (row[0] for row in rows if row is not None)
        return a, b, c

    async def _read(self, key: str, offset: int, size: int) -> bytes:
        if key in self.removed:
            raise FileRefusedError("import-file-gone")
        return self.data[offset : offset + size]

    async def _remove(self, key: str) -> None:
        self.removed.append(key)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Work]:
        number = next(self.transactions)
        async with writing(self.database, self.portal) as session:
            session.actor = 1
            yield Work(ImportStore(session), LeadStore(session, LISTS), session.publish)
            if number in self.dies_before_commit:
                raise CrashError
        if number in self.dies_after_commit:
            raise CrashError


@pytest.fixture
async def rehearsal(database: Database, portals: BarePortals) -> Rehearsal:
    portal = await portals.open()
    async with writing(database, portal) as session:
        await add_lists(session, LISTS)
    return Rehearsal(database, portal)


async def require_exact_result(rehearsal: Rehearsal, import_id: ImportId) -> None:
    done = await rehearsal.find(import_id)
    progress = done.progress
    assert done.state is ImportState.DONE
    assert (progress.created, progress.duplicates, progress.failed) == (CREATED, DUPLICATES, FAILED)
    assert (progress.line, progress.offset) == (len(LINES), len(FILE))
    assert [(p.line, p.column, p.code) for p in await rehearsal.problems(import_id)] == [
        (12, "Сумма", "import-amount-malformed"),
        (32, "Сумма", "import-amount-malformed"),
    ]
    assert await rehearsal.counted() == (CREATED, CREATED, CREATED)


TRANSACTIONS = 6  # five batches and the end


@pytest.mark.feature("CRM-07")
@pytest.mark.parametrize("number", range(TRANSACTIONS))
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_an_import_whose_node_dies_at_any_commit_loses_and_repeats_nothing(
    rehearsal: Rehearsal, moment: str, number: int
) -> None:
    dies = rehearsal.dies_before_commit if moment == "before" else rehearsal.dies_after_commit
    dies.add(number)
    import_id = await rehearsal.begin()
    await rehearsal.to_the_end(import_id)
    assert next(rehearsal.transactions) >= TRANSACTIONS
    await require_exact_result(rehearsal, import_id)


async def test_an_import_goes_through_in_one_step_if_there_is_time(rehearsal: Rehearsal) -> None:
    import_id = await rehearsal.begin()
    assert await rehearsal.step(import_id, batches=100) == Done()
    assert len(rehearsal.removed) == 1
    await require_exact_result(rehearsal, import_id)


async def test_three_nodes_at_one_import_do_it_once(rehearsal: Rehearsal) -> None:
    import_id = await rehearsal.begin()
    while not (await rehearsal.find(import_id)).is_over:
        await asyncio.gather(*(rehearsal.step(import_id, batches=2) for _ in range(3)))
    await require_exact_result(rehearsal, import_id)


@pytest.mark.feature("CRM-07")
async def test_the_second_run_of_a_file_makes_no_duplicates(rehearsal: Rehearsal) -> None:
    await rehearsal.to_the_end(await rehearsal.begin())
    rehearsal.data = FILE.decode("cp1251").replace(";", ",").encode()
    again = await rehearsal.begin(size=len(rehearsal.data), encoding="utf-8")
    await rehearsal.to_the_end(again)
    progress = (await rehearsal.find(again)).progress
    assert (progress.created, progress.duplicates) == (0, CREATED + DUPLICATES)
    assert await rehearsal.counted() == (CREATED, CREATED, CREATED)


async def test_two_imports_of_one_file_at_once_make_no_duplicates(rehearsal: Rehearsal) -> None:
    first, second = await rehearsal.begin(), await rehearsal.begin()
    await asyncio.gather(rehearsal.to_the_end(first), rehearsal.to_the_end(second))
    done = [(await rehearsal.find(one)).progress for one in (first, second)]
    assert [p.line for p in done] == [len(LINES)] * 2
    assert sum(p.created for p in done) == CREATED
    assert await rehearsal.counted() == (CREATED, CREATED, CREATED)


@pytest.mark.feature("CRM-07")
async def test_a_dry_run_says_what_is_wrong_and_writes_nothing(rehearsal: Rehearsal) -> None:
    import_id = await rehearsal.begin(dry_run=True)
    await rehearsal.to_the_end(import_id)
    progress = (await rehearsal.find(import_id)).progress
    assert (progress.created, progress.failed) == (CREATED + DUPLICATES, FAILED)
    assert [p.line for p in await rehearsal.problems(import_id)] == [12, 32]
    assert await rehearsal.counted() == (0, 0, 0)


async def test_beyond_the_first_thousand_problems_are_only_counted(
    rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.modules.crm.domain.importing.progress.MOST_PROBLEMS", 15)
    rehearsal.data = b"title;amount\n" + b"x;?\n" * 40
    import_id = await rehearsal.begin(size=len(rehearsal.data))
    await rehearsal.to_the_end(import_id)
    assert (await rehearsal.find(import_id)).progress.problems == 40
    assert len(await rehearsal.problems(import_id)) == 15


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"phone;email\n1;2\n", "import-title-column-missing"),
        (b"title\n" + b"x" * 2000 + b"\ny\n", "import-record-too-long"),
    ],
)
async def test_a_file_that_is_no_list_of_leads_fails_with_the_reason(
    rehearsal: Rehearsal, data: bytes, reason: str
) -> None:
    rehearsal.data = data
    import_id = await rehearsal.begin(size=len(data))
    assert await rehearsal.step(import_id) == Failed(reason)
    failed = await rehearsal.find(import_id)
    assert (failed.state, failed.failure) == (ImportState.FAILED, reason)
    assert len(rehearsal.removed) == 1
