"""Imports in the database: the job that does one, and the problems it met."""

from collections.abc import Sequence
from datetime import timedelta

import orjson
from sqlalchemy import bindparam, delete, insert, select

from db.sessions import ReadSession, WriteSession
from db.statements import Statement
from jobs import queue
from jobs.queue import Job, JobId
from jobs.tables import State
from portal.modules.company.contracts import UserId
from portal.modules.crm.domain.importing.order import Import, ImportId, ImportOrder, ImportState
from portal.modules.crm.domain.importing.progress import Progress
from portal.modules.crm.domain.importing.rows import Problem
from portal.modules.crm.errors import FileRefusedError
from portal.modules.crm.tables import import_problems as problems

KIND = "crm.import"
# Longer than the job itself is kept (`jobs.scanning`), so an import never outlives its problems.
PROBLEMS_KEPT = timedelta(days=40)
SWEPT_AT_ONCE = 2_000
GIVEN_UP = "import-given-up"

_MINE = problems.c.portal_id == bindparam("portal_id")
_ADD = Statement(
    insert(problems),
    columns=(
        *("portal_id", "import_id", "number", "line", "label", "code", "details", "found_at"),
    ),
)
_PAGE = Statement(
    select(
        problems.c.number,
        problems.c.line,
        problems.c.code,
        problems.c.label,
        problems.c.details,
    )
    .where(
        _MINE,
        problems.c.import_id == bindparam("import_id"),
        problems.c.number > bindparam("after"),
    )
    .order_by(problems.c.number)
    .limit(bindparam("limit"))
)
_SWEEP = Statement(
    delete(problems)
    .where(_MINE, problems.c.found_at < bindparam("before"))
    .with_dialect_options(mysql_limit=SWEPT_AT_ONCE)
)
_STATES = {
    State.QUEUED: ImportState.QUEUED,
    State.RUNNING: ImportState.RUNNING,
    State.DONE: ImportState.DONE,
    State.FAILED: ImportState.FAILED,
    State.DEAD: ImportState.FAILED,
}


class ImportRepository:
    """Imports of one portal."""

    def __init__(self, session: ReadSession) -> None:
        self._session = session

    async def find(self, import_id: ImportId) -> Import | None:
        """Return the import as of now."""
        job = await queue.find(self._session, JobId(import_id))
        return None if job is None or job.kind != KIND else to_domain(job)

    async def problems(
        self, import_id: ImportId, *, after: int, limit: int
    ) -> Sequence[tuple[int, Problem]]:
        """Return numbered problems in the order of the file."""
        rows = await self._session.all(_PAGE, import_id=import_id, after=after, limit=limit)
        return [
            (number, Problem(line, code, label, orjson.loads(details or "{}")))
            for number, line, code, label, details in rows
        ]


class ImportStore(ImportRepository):
    """Imports of one portal, inside a transaction."""

    def __init__(self, session: WriteSession) -> None:
        super().__init__(session)
        self._writer = session

    async def begin(self, order: ImportOrder) -> ImportId:
        """Ask for the import; a little of the past is swept with each."""
        await self._writer.change(_SWEEP, before=self._writer.now - PROBLEMS_KEPT)
        return ImportId(await queue.enqueue(self._writer, KIND, order.to_json()))

    async def find_for_update(self, import_id: ImportId) -> Import | None:
        """Return the import, locked: of two who do one at once the second waits and sees."""
        job = await queue.find_for_update(self._writer, JobId(import_id))
        return None if job is None else to_domain(job)

    async def note(self, import_id: ImportId, first: int, found: Sequence[Problem]) -> None:
        """Keep problems, numbered from ``first`` on."""
        rows = [
            {
                "import_id": import_id,
                "number": number,
                "line": problem.line,
                "label": problem.column,
                "code": problem.code,
                "details": orjson.dumps(problem.values).decode() if problem.values else None,
                "found_at": self._writer.now,
            }
            for number, problem in enumerate(found, start=first)
        ]
        await self._writer.insert_many(_ADD, rows)

    async def save(self, import_id: ImportId, progress: Progress) -> None:
        """Write how far it is."""
        await queue.save_progress(self._writer, JobId(import_id), progress.to_json())

    async def complete(self, import_id: ImportId) -> None:
        """Say that it is done."""
        await queue.complete(self._writer, JobId(import_id))

    async def fail(self, import_id: ImportId, refused: FileRefusedError) -> None:
        """Say that it cannot be done."""
        await queue.fail(self._writer, JobId(import_id), refused.reason)


def to_domain(job: Job) -> Import:
    """Read the import that a job is."""
    failure = {State.FAILED: job.error, State.DEAD: GIVEN_UP}.get(job.state)
    assert job.created_by is not None  # noqa: S101  # only people ask for imports
    return Import(
        ImportId(job.id),
        _STATES[job.state],
        ImportOrder(**job.payload),
        Progress.from_json(job.progress),
        failure,
        job.created_at,
        UserId(job.created_by),
        job.finished_at,
    )
