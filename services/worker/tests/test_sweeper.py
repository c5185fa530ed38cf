"""Finished jobs go after their time, those of our portals only."""

import pytest

from db.engine import Database
from db.sessions import Ownership, reading, writing
from jobs import queue, scanning
from jobs.queue import Job, JobId
from testkit.bare_portals import BarePortals
from worker import sweeper
from worker.sweeper import Sweeper

from .workers import enqueue

pytestmark = pytest.mark.cluster


async def test_old_jobs_of_our_portals_are_removed_in_batches(
    database: Database, portals: BarePortals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "KEPT_SECONDS", 0.0)
    monkeypatch.setattr(sweeper, "BATCH", 2)
    mine, foreign = await portals.open(), await portals.open()
    old = [*await finished(database, mine, 5), *await finished(database, foreign, 1)]
    (unfinished,) = await enqueue(database, mine)

    await Sweeper(database, {mine.portal: mine}.get).sweep()

    assert [await find(database, mine, job) for job in old[:5]] == [None] * 5
    assert await find(database, foreign, old[5])
    assert await find(database, mine, unfinished)


async def finished(database: Database, portal: Ownership, count: int) -> list[JobId]:
    jobs = await enqueue(database, portal, count)
    async with writing(database, portal) as session:
        for job in jobs:
            await queue.complete(session, job)
    return list(jobs)


async def find(database: Database, portal: Ownership, job: JobId) -> Job | None:
    async with reading(database, portal.portal) as session:
        return await queue.find(session, job)
