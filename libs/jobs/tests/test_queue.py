"""A job exists if and only if the transaction that asked for it does."""

import asyncio
from datetime import UTC, datetime

import pytest

from db.engine import Database
from db.sessions import Ownership, reading, writing
from jobs import queue
from jobs.queue import Job, JobId
from jobs.tables import State
from testkit.bare_portals import BarePortals


class ChangedMindError(Exception):
    pass


async def test_a_job_is_undone_with_the_transaction_that_asked_for_it(
    database: Database, portal: Ownership
) -> None:
    asked: list[JobId] = []

    async def ask_and_change_ones_mind() -> None:
        async with writing(database, portal) as session:
            asked.append(await queue.enqueue(session, "test.work", {}))
            assert await queue.find(session, asked[0])
            raise ChangedMindError

    with pytest.raises(ChangedMindError):
        await ask_and_change_ones_mind()

    assert await _find(database, portal, asked[0]) is None


async def test_a_job_tells_who_asked_for_what_and_how_far_it_is(
    database: Database, portal: Ownership
) -> None:
    async with writing(database, portal) as session:
        session.actor = 7
        job = await queue.enqueue(session, "test.work", {"file": 3})
    async with writing(database, portal) as session:
        await queue.save_progress(session, job, {"done": 5, "total": 9, "unit": "lines"})

    found = await _find(database, portal, job)

    assert found is not None
    assert (found.kind, found.state, found.payload) == ("test.work", State.QUEUED, {"file": 3})
    assert found.progress == {"done": 5, "total": 9, "unit": "lines"}
    assert (found.created_by, found.finished_at, found.error) == (7, None, None)
    assert abs((datetime.now(tz=UTC) - found.created_at).total_seconds()) < 60


async def test_a_finished_job_stays_as_it_ended(database: Database, portal: Ownership) -> None:
    job = await _enqueue(database, portal)

    async with writing(database, portal) as session:
        await queue.complete(session, job, {"created": 10})
    async with writing(database, portal) as session:
        await queue.fail(session, job, "too late")
        await queue.save_progress(session, job, {"done": 1})

    found = await _find(database, portal, job)
    assert found is not None
    assert (found.state, found.error, found.progress) == (State.DONE, None, {})
    assert found.result == {"created": 10}
    assert found.finished_at is not None


async def test_a_failed_job_keeps_the_reason(database: Database, portal: Ownership) -> None:
    job = await _enqueue(database, portal)

    async with writing(database, portal) as session:
        await queue.fail(session, job, "no such file " * 100, {"line": 3})

    found = await _find(database, portal, job)
    assert found is not None
    assert found.state is State.FAILED
    assert found.error is not None
    assert found.error.startswith("no such file")
    assert found.result == {"line": 3}


async def test_the_same_key_is_the_same_job(database: Database, portals: BarePortals) -> None:
    mine, other = await portals.open(), await portals.open()

    async def ask(portal: Ownership, key: str) -> JobId:
        async with writing(database, portal) as session:
            return await queue.enqueue(session, "test.work", {}, unique_key=key)

    first, again = await asyncio.gather(ask(mine, "import/7"), ask(mine, "import/7"))

    assert first == again
    assert await ask(mine, "import/7") == first
    assert await ask(mine, "IMPORT/7") != first
    assert await ask(other, "import/7") != first


async def test_a_job_of_another_portal_is_not_found(
    database: Database, portals: BarePortals
) -> None:
    mine, other = await portals.open(), await portals.open()
    job = await _enqueue(database, mine)

    assert await _find(database, mine, job)
    assert await _find(database, other, job) is None


async def test_a_kind_with_an_id_in_it_is_refused(database: Database, portal: Ownership) -> None:
    async with writing(database, portal) as session:
        with pytest.raises(ValueError, match="dotted lower-case words"):
            await queue.enqueue(session, "crm.import.42", {})


async def test_a_second_step_waits_for_the_first_and_sees_its_progress(
    database: Database, portal: Ownership
) -> None:
    job = await _enqueue(database, portal)
    locked, may_commit = asyncio.Event(), asyncio.Event()

    async def slow_step() -> None:
        async with writing(database, portal) as session:
            await queue.find_for_update(session, job)
            locked.set()
            await may_commit.wait()
            await queue.save_progress(session, job, {"done": 100})

    async def next_step() -> Job | None:
        async with writing(database, portal) as session:
            return await queue.find_for_update(session, job)

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(slow_step())
        await locked.wait()
        second = group.create_task(next_step())
        done, _ = await asyncio.wait([second], timeout=0.2)
        assert not done
        may_commit.set()

    found = second.result()
    assert found is not None
    assert found.progress == {"done": 100}


async def _enqueue(database: Database, portal: Ownership) -> JobId:
    async with writing(database, portal) as session:
        return await queue.enqueue(session, "test.work", {})


async def _find(database: Database, portal: Ownership, job: JobId) -> Job | None:
    async with reading(database, portal.portal) as session:
        return await queue.find(session, job)
