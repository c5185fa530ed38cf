"""Jobs are done once they are committed, by whoever owns the portal, whatever dies in between."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from db.engine import Address, Database
from db.sessions import Ownership, writing
from jobs import claims, deliveries, queue
from jobs.claims import Claim
from jobs.outcomes import Again, Done, Failed, Outcome, Retry
from jobs.queue import JobId
from jobs.tables import State
from testkit import addresses
from testkit.bare_portals import BarePortals
from worker.backlog import AT_ONCE_PER_PORTAL
from worker.work import DELIVERIES_AT_ONCE, Work

from .deadlines import until
from .workers import done, ended, enqueue, find, nobody_knows_how, working

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("impatient")]


async def test_two_workers_do_each_of_200_jobs_once(
    database: Database, portals: BarePortals
) -> None:
    owned = [await portals.open() for _ in range(4)]
    asked = {portal.portal: await enqueue(database, portal, 50) for portal in owned}
    times: Counter[tuple[int, JobId]] = Counter()

    async def count(claim: Claim) -> Outcome:
        times[claim.portal, claim.job] += 1
        await asyncio.sleep(0.001)
        return Done()

    async with (
        working(database, *owned, name="worker-1", otherwise=count),
        working(database, *owned, name="worker-2", otherwise=count),
    ):
        for portal in owned:
            await ended(database, portal, *asked[portal.portal])

    assert times == Counter({(p, job): 1 for p, jobs in asked.items() for job in jobs})


async def test_a_job_asked_for_in_a_transaction_that_is_undone_is_never_done(
    database: Database, portal: Ownership
) -> None:
    seen: list[JobId] = []

    async def note(claim: Claim) -> Outcome:
        seen.append(claim.job)
        return Done()

    async def ask_in_vain() -> None:
        async with writing(database, portal) as session:
            await queue.enqueue(session, "test.work", {})
            raise LookupError

    async with working(database, portal, otherwise=note):
        with pytest.raises(LookupError):
            await ask_in_vain()
        (asked,) = await enqueue(database, portal)
        await ended(database, portal, asked)

    assert seen == [asked]


async def test_what_a_dead_worker_began_another_one_finishes(
    database: Database, portal: Ownership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "LEASE_SECONDS", 0.5)
    begun = asyncio.Event()

    async def hang(_: Claim) -> Outcome:
        begun.set()
        await asyncio.Event().wait()
        return Done()

    doomed = Work(
        database=database,
        owned={portal.portal: portal}.get,
        placed={portal.portal: (database, portal)}.get,
        handlers={},
        otherwise=hang,
        name="worker-1",
    )
    (job,) = await enqueue(database, portal)
    task = asyncio.create_task(doomed.run())
    await asyncio.wait_for(begun.wait(), 30)
    task.cancel()  # nothing is written about the end
    await asyncio.wait([task])
    monkeypatch.setattr(claims, "LEASE_SECONDS", 60.0)  # else a slow successor is followed, too

    async with working(database, portal, name="worker-2", otherwise=done):
        (found,) = await ended(database, portal, job)

    assert (found.state, found.attempts) == (State.DONE, 2)


async def test_the_end_of_a_turn_is_written_where_the_portal_has_moved_meanwhile(
    database: Database, portals: BarePortals, portal: Ownership
) -> None:
    """Else what was done, say a mail sent, would be done once more by the new owner."""
    moved = replace(portal, epoch=2)
    placed = {portal.portal: (database, portal)}
    owned = {portal.portal: portal}
    times = 0

    async def move(_: Claim) -> Outcome:
        nonlocal times
        times += 1
        await portals.set_fence(portal, moved.epoch, "open")
        owned.clear()
        placed[portal.portal] = (database, moved)
        return Done()

    work = Work(
        database=database,
        owned=owned.get,
        placed=placed.get,
        handlers={},
        otherwise=move,
        name="worker-1",
    )
    (job,) = await enqueue(database, portal)
    task = asyncio.create_task(work.run())
    (found,) = await ended(database, moved, job)
    work.stop()
    await asyncio.wait_for(task, 30)

    assert (found.state, found.attempts, times) == (State.DONE, 1, 1)


async def test_jobs_of_portals_that_others_own_are_left_alone(
    database: Database, portals: BarePortals
) -> None:
    mine, foreign = await portals.open(), await portals.open()
    (theirs,) = await enqueue(database, foreign)
    (ours,) = await enqueue(database, mine)

    async with working(database, mine, otherwise=done):
        await ended(database, mine, ours)

    untouched = await find(database, foreign, theirs)
    assert (untouched.state, untouched.attempts) == (State.QUEUED, 0)


async def test_with_a_stale_route_nothing_is_claimed_and_other_portals_go_on(
    database: Database, portals: BarePortals
) -> None:
    moved, mine = await portals.open(), await portals.open()
    (stale,) = await enqueue(database, moved)
    await portals.set_fence(moved, 2, "closed")
    (ours,) = await enqueue(database, mine)

    async with working(database, moved, mine, otherwise=done):
        await ended(database, mine, ours)

    untouched = await find(database, moved, stale)
    assert (untouched.state, untouched.attempts) == (State.QUEUED, 0)


async def test_a_poisoned_job_dies_and_the_others_go_on(
    database: Database, portal: Ownership, caplog: pytest.LogCaptureFixture
) -> None:
    async with writing(database, portal) as session:
        poison = await queue.enqueue(session, "test.poison", {"token": "s3cret"}, max_attempts=3)
    harmless = await enqueue(database, portal, 20)

    async def choke(claim: Claim) -> Outcome:
        raise ZeroDivisionError(claim.payload)

    async with working(database, portal, handlers={"test.poison": choke}, otherwise=done):
        dead, *others = await ended(database, portal, poison, *harmless)

    assert (dead.state, dead.error, dead.attempts) == (State.DEAD, "ZeroDivisionError", 3)
    assert {job.state for job in others} == {State.DONE}
    assert "s3cret" not in caplog.text + str([vars(record) for record in caplog.records])


async def test_a_job_that_kills_its_workers_dies_in_the_end(
    database: Database, portal: Ownership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "LEASE_SECONDS", 0.0)
    async with writing(database, portal) as session:
        killer = await queue.enqueue(session, "test.work", {}, max_attempts=2)
    for _ in range(2):
        async with writing(database, portal) as session:
            assert await claims.claim(session, killer, "a worker that is killed now")

    async with working(database, portal, otherwise=nobody_knows_how):
        (found,) = await ended(database, portal, killer)

    assert (found.state, found.error) == (
        State.DEAD,
        "each attempt ended with the death of its worker",
    )


async def test_a_portal_with_thousands_of_jobs_does_not_hold_up_another(
    database: Database, portals: BarePortals
) -> None:
    big, small = await portals.open(), await portals.open()
    await enqueue(database, big, 1500)
    running, most, finished = 0, 0, 0
    is_full = asyncio.Event()

    async def slowly(claim: Claim) -> Outcome:
        nonlocal running, most, finished
        if claim.portal == big.portal:
            running += 1
            most = max(most, running)
            if running == AT_ONCE_PER_PORTAL:
                is_full.set()
            await is_full.wait()
            await asyncio.sleep(0.05)
            running -= 1
            finished += 1
        return Done()

    async with working(database, big, small, otherwise=slowly):
        await asyncio.wait_for(is_full.wait(), 30)
        (job,) = await enqueue(database, small)
        await ended(database, small, job)
        assert finished < 750, "it had to wait until the other was half done"

    assert most == AT_ONCE_PER_PORTAL


async def test_steps_follow_each_other_until_the_work_is_done(
    database: Database, portal: Ownership
) -> None:
    (job,) = await enqueue(database, portal)

    async def one_step(claim: Claim) -> Outcome:
        """Do what a web node does: effect and progress in one transaction, then the answer."""
        async with writing(database, portal) as session:
            found = await queue.find_for_update(session, claim.job)
            assert found is not None
            lines = found.progress.get("done", 0) + 100
            await queue.save_progress(session, claim.job, {"done": lines, "total": 1000})
            if lines == 1000:
                await queue.complete(session, claim.job, {"created": lines})
        return Done() if lines == 1000 else Again()

    async with working(database, portal, otherwise=one_step):
        (found,) = await ended(database, portal, job)

    assert (found.state, found.result) == (State.DONE, {"created": 1000})
    assert found.progress == {"done": 1000, "total": 1000}


async def test_a_worker_that_stops_ends_what_it_began_and_begins_nothing(
    database: Database, portal: Ownership
) -> None:
    begun, may_end = asyncio.Semaphore(0), asyncio.Event()

    async def wait(_: Claim) -> Outcome:
        begun.release()
        await may_end.wait()
        return Done()

    jobs = await enqueue(database, portal, AT_ONCE_PER_PORTAL + 1)
    async with working(database, portal, otherwise=wait) as work:
        async with asyncio.timeout(30):
            for _ in range(AT_ONCE_PER_PORTAL):
                await begun.acquire()
        work.stop()
        assert await work.ready() == "stopping"
        may_end.set()

    states = Counter([(await find(database, portal, job)).state for job in jobs])
    assert states == {State.DONE: AT_ONCE_PER_PORTAL, State.QUEUED: 1}


async def test_a_refusal_and_a_retry_are_counted_apart(
    database: Database, portal: Ownership
) -> None:
    (job,) = await enqueue(database, portal)
    outcomes: Iterator[Outcome] = iter([Retry("no answer"), Retry("no answer"), Failed("no")])

    async def next_outcome(_: Claim) -> Outcome:
        return next(outcomes)

    async with working(database, portal, otherwise=next_outcome):
        (found,) = await ended(database, portal, job)

    assert (found.state, found.error, found.attempts) == (State.FAILED, "no", 3)


async def test_a_worker_whose_database_is_down_says_so_and_can_be_stopped() -> None:
    nowhere = Database(Address(addresses.private(1)[0], 13306, "portico_worker", "s3cret"))
    await nowhere.open()

    async with working(nowhere) as work:
        reason = await work.ready()

    assert reason is not None
    assert "s3cret" not in reason
    await nowhere.close()


async def test_strangers_who_let_deliveries_wait_hold_up_nothing_else(
    database: Database, portals: BarePortals
) -> None:
    busy = [await portals.open() for _ in range(DELIVERIES_AT_ONCE // AT_ONCE_PER_PORTAL + 1)]
    mine = await portals.open()
    answered = asyncio.Event()
    hanging = 0

    async def do(claim: Claim) -> Outcome:
        nonlocal hanging
        if claim.kind == deliveries.KIND:
            hanging += 1
            await answered.wait()
        return Done()

    for portal in busy:
        async with writing(database, portal) as session:
            for receiver in range(AT_ONCE_PER_PORTAL):
                await deliveries.begin(session, receiver)

    async with working(database, mine, *busy, otherwise=do):

        async def all_hang() -> bool:
            return hanging == DELIVERIES_AT_ONCE

        await until(all_hang)
        (job,) = await enqueue(database, mine)
        (found,) = await ended(database, mine, job)
        answered.set()

    assert (found.state, found.attempts) == (State.DONE, 1)
