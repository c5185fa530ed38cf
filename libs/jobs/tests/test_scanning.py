"""Whatever stands at the head of the queue, what is behind it is found."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from db.engine import Database
from db.sessions import Ownership, reading, writing
from db.statements import Statement
from jobs import queue, scanning
from jobs.queue import JobId
from jobs.tables import jobs
from testkit.bare_portals import BarePortals

# all of one instant, which is the hard case for walking in pages
OLD = datetime(2020, 1, 1, tzinfo=UTC)
MANY = Statement(
    insert(jobs),
    columns=(
        *("portal_id", "kind", "state", "due_at", "attempts", "max_attempts", "payload"),
        "created_at",
    ),
)
ROW = {"kind": "test.work", "state": "queued", "due_at": OLD, "attempts": 0, "max_attempts": 3}


async def test_jobs_behind_thousands_of_others_are_found(
    database: Database, portals: BarePortals
) -> None:
    foreign, mine = await portals.open(), await portals.open()
    async with writing(database, foreign) as session:
        row = {**ROW, "payload": "{}", "created_at": session.now}
        await session.insert_many(MANY, [row] * (2 * scanning.PAGE + 10))
    async with writing(database, mine) as session:
        job = await queue.enqueue(session, "test.work", {})

    found = [f async for page in scanning.due(database) for f in page]

    assert [f.job for f in found if f.portal == mine.portal] == [job]
    in_front = [f for f in found if f.portal == foreign.portal]
    assert len(in_front) == len({f.job for f in in_front}) == 2 * scanning.PAGE + 10
    assert in_front[0].seconds > timedelta(days=365).total_seconds()


async def test_only_jobs_finished_long_ago_expire(
    database: Database, portal: Ownership, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with writing(database, portal) as session:
        finished = await queue.enqueue(session, "test.work", {})
        unfinished = await queue.enqueue(session, "test.work", {})
        await queue.complete(session, finished)

    async def sweep() -> None:
        async for page in scanning.expired(database):
            async with writing(database, portal) as session:
                for found in page:
                    if found.portal == portal.portal:
                        await scanning.remove_expired(session, found.job)

    await sweep()
    assert await _left(database, portal, finished, unfinished) == {finished, unfinished}
    monkeypatch.setattr(scanning, "KEPT_SECONDS", -1.0)
    await sweep()
    assert await _left(database, portal, finished, unfinished) == {unfinished}


async def _left(database: Database, portal: Ownership, *asked: JobId) -> set[JobId]:
    async with reading(database, portal.portal) as session:
        return {job for job in asked if await queue.find(session, job)}
