"""Workers run by tests, jobs for them, and waiting for how these end."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from db.engine import Database
from db.sessions import Ownership, reading, writing
from jobs import queue
from jobs.claims import Claim
from jobs.outcomes import Done, Outcome
from jobs.queue import Job, JobId
from jobs.tables import State
from worker.runner import Handler
from worker.work import Work

from .deadlines import until

FINISHED = {State.DONE, State.FAILED, State.DEAD}


async def nobody_knows_how(claim: Claim) -> Outcome:
    raise AssertionError(f"no such work here: {claim.kind}")


async def done(_: Claim) -> Outcome:
    return Done()


@asynccontextmanager
async def working(
    database: Database,
    *owned: Ownership,
    name: str = "worker-1",
    handlers: Mapping[str, Handler] | None = None,
    otherwise: Handler = nobody_knows_how,
) -> AsyncIterator[Work]:
    """Run a worker that owns these portals; leaving drains it."""
    work = Work(
        database=database,
        owned={each.portal: each for each in owned}.get,
        placed={each.portal: (database, each) for each in owned}.get,
        handlers=handlers or {},
        otherwise=otherwise,
        name=name,
    )
    task = asyncio.create_task(work.run())
    try:
        yield work
    finally:
        work.stop()
        async with asyncio.timeout(40):
            await task


async def enqueue(database: Database, portal: Ownership, count: int = 1) -> Sequence[JobId]:
    async with writing(database, portal) as session:
        return [await queue.enqueue(session, "test.work", {}) for _ in range(count)]


async def find(database: Database, portal: Ownership, job: JobId) -> Job:
    async with reading(database, portal.portal) as session:
        found = await queue.find(session, job)
    assert found is not None
    return found


async def ended(
    database: Database, portal: Ownership, *jobs: JobId, seconds: float = 60
) -> Sequence[Job]:
    """Wait until the jobs are finished, however they ended."""

    async def all_ended() -> bool:
        return all([(await find(database, portal, job)).state in FINISHED for job in jobs])

    await until(all_ended, seconds)
    return [await find(database, portal, job) for job in jobs]
