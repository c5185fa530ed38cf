"""Asking for work, and doing it step by step: everything inside the caller's transaction."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NewType

import orjson
from sqlalchemy import bindparam, case, func, literal, null, select, update
from sqlalchemy.dialects.mysql import insert

from db.sessions import ReadSession, WriteSession
from db.statements import Statement
from jobs.clock import NOW
from jobs.tables import ERROR_LENGTH, State, jobs

JobId = NewType("JobId", int)

# With the waits of `jobs.outcomes` about two hours: longer than an outage stays unnoticed.
MAX_ATTEMPTS = 20
# Kinds are words of our code and label metrics; an id in one would be a new time series each time.
_KIND = re.compile(r"[a-z]+(\.[a-z]+)+")

_MINE = (jobs.c.portal_id == bindparam("portal_id"), jobs.c.id == bindparam("job"))
EVERYTHING = 0  # of the journal is behind this entry, so whoever awaits it has news
_UNFINISHED = jobs.c.state.in_((State.QUEUED, State.RUNNING))

_ENQUEUE = insert(jobs).values(
    portal_id=bindparam("portal_id"),
    kind=bindparam("kind"),
    state=literal(State.QUEUED),
    due_at=func.coalesce(bindparam("run_at"), NOW),
    attempts=literal(0),
    max_attempts=bindparam("max_attempts"),
    unique_key=bindparam("unique_key"),
    payload=bindparam("payload"),
    created_at=NOW,
    created_by=bindparam("created_by"),
)
# the id of the job that was there first is what the caller gets
ENQUEUE = Statement(_ENQUEUE.on_duplicate_key_update(id=func.last_insert_id(jobs.c.id)))
_FIND = select(
    jobs.c.id,
    jobs.c.kind,
    jobs.c.state,
    jobs.c.payload,
    jobs.c.progress,
    jobs.c.result,
    jobs.c.error,
    jobs.c.attempts,
    jobs.c.created_at,
    jobs.c.created_by,
    jobs.c.finished_at,
).where(*_MINE)
FIND = Statement(_FIND)
FIND_FOR_UPDATE = Statement(_FIND.with_for_update())
SAVE_PROGRESS = Statement(
    update(jobs).where(*_MINE, _UNFINISHED).values(progress=bindparam("progress"))
)
WAKE = Statement(update(jobs).where(*_MINE, _UNFINISHED).values(awaits=EVERYTHING))
FINISH = Statement(
    update(jobs)
    .where(*_MINE, _UNFINISHED)
    .values(
        state=bindparam("state_after"),
        due_at=null(),
        claimed_by=null(),
        awaits=null(),
        error=bindparam("error"),
        result=case((bindparam("result").is_(None), jobs.c.result), else_=bindparam("result")),
        finished_at=NOW,
    )
)


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its portal sees it. ``payload`` may hold secrets and is not shown by ``repr``."""

    id: JobId
    kind: str
    state: State
    payload: Mapping[str, Any] = field(repr=False)
    progress: Mapping[str, Any]
    result: Mapping[str, Any] | None
    error: str | None
    attempts: int
    created_at: datetime
    created_by: int | None
    finished_at: datetime | None


async def enqueue(
    session: WriteSession,
    kind: str,
    payload: Mapping[str, Any],
    *,
    run_at: datetime | None = None,
    unique_key: str | None = None,
    max_attempts: int = MAX_ATTEMPTS,
) -> JobId:
    """Ask for work; it is done after this transaction commits, and never if it does not.

    ``run_at``: not before (default: now). ``unique_key``: a second call with it, in any transaction of
    this portal, gets the job of the first, whatever became of that one.
    """
    if not _KIND.fullmatch(kind):
        raise ValueError(f"a kind is dotted lower-case words, not {kind!r}")
    job = await session.insert(
        ENQUEUE,
        kind=kind,
        run_at=run_at,
        max_attempts=max_attempts,
        unique_key=unique_key,
        payload=orjson.dumps(payload).decode(),
        created_by=session.actor,
    )
    return JobId(job)


async def find(session: ReadSession, job: JobId) -> Job | None:
    """Return the job, if the portal has it."""
    row = await session.first(FIND, job=job)
    return _job(row) if row else None


async def find_for_update(session: WriteSession, job: JobId) -> Job | None:
    """Return the job and lock it until the end of the transaction.

    A step begins with this: should two workers drive one job, because a lease ran out under a slow
    step, the second waits and then sees the progress of the first.
    """
    row = await session.first(FIND_FOR_UPDATE, job=job)
    return _job(row) if row else None


async def wake(session: WriteSession, job: JobId) -> None:
    """Let the job's next turn begin now; if one is under way, another follows it at once."""
    await session.change(WAKE, job=job)


async def save_progress(session: WriteSession, job: JobId, progress: Mapping[str, Any]) -> None:
    """Write how far the work is (``done``, ``total``, ``unit`` ... and the step's own cursor)."""
    await session.change(SAVE_PROGRESS, job=job, progress=orjson.dumps(progress).decode())


async def complete(
    session: WriteSession, job: JobId, result: Mapping[str, Any] | None = None
) -> None:
    """Finish the job, in the same transaction as its last effect; nothing happens to a finished one."""
    text = None if result is None else orjson.dumps(result).decode()
    await session.change(FINISH, job=job, state_after=State.DONE, error=None, result=text)


async def fail(
    session: WriteSession, job: JobId, error: str, result: Mapping[str, Any] | None = None
) -> None:
    """Finish the job as one that cannot succeed; nothing happens to a finished one."""
    text = None if result is None else orjson.dumps(result).decode()
    await session.change(
        FINISH, job=job, state_after=State.FAILED, error=error[:ERROR_LENGTH], result=text
    )


def _job(row: Sequence[Any]) -> Job:
    job, kind, state, payload, progress, result, *rest = row
    return Job(
        JobId(job),
        kind,
        State(state),
        orjson.loads(payload),
        orjson.loads(progress or "{}"),
        orjson.loads(result) if result else None,
        *rest,
    )
