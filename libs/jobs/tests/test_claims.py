"""One holder at a time, and only where the portal is owned."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import bindparam, update

from db.engine import Database
from db.errors import StaleRouteError
from db.sessions import Ownership, reading, writing
from db.statements import Statement
from jobs import claims, clock, mail, queue, scanning
from jobs.claims import Claim
from jobs.mail import Mail
from jobs.outcomes import Again, Dead, Done, Failed, Outcome, Retry
from jobs.queue import Job, JobId
from jobs.tables import State, jobs
from testkit.bare_portals import BarePortals

MAKE_DUE = Statement(
    update(jobs)
    .where(jobs.c.portal_id == bindparam("portal_id"), jobs.c.id == bindparam("job"))
    .values(due_at=clock.NOW)
)


async def test_two_workers_take_each_of_200_jobs_once(
    database: Database, portal: Ownership
) -> None:
    async with writing(database, portal) as session:
        asked = [await queue.enqueue(session, "test.work", {}) for _ in range(200)]
    taken: Counter[JobId] = Counter()

    async def work(name: str) -> None:
        async for page in scanning.due(database):
            for found in page:
                if found.portal == portal.portal and await _claim(
                    database, portal, found.job, name
                ):
                    taken[found.job] += 1

    async with asyncio.timeout(60):
        await asyncio.gather(work("worker-1"), work("worker-2"))

    assert taken == Counter(asked)


async def test_of_many_claims_at_once_one_wins(database: Database, portal: Ownership) -> None:
    job = await _enqueue(database, portal)

    claimed = await asyncio.gather(*(_claim(database, portal, job, f"w{n}") for n in range(10)))

    assert len([c for c in claimed if c]) == 1


async def test_a_claim_holds_until_its_lease_ends_and_then_passes_on(
    database: Database, portal: Ownership, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await _enqueue(database, portal)
    monkeypatch.setattr(claims, "LEASE_SECONDS", 4.0)  # that is not over before the next line
    dead_worker = await _claim(database, portal, job, "worker-1")
    assert dead_worker
    assert await _claim(database, portal, job, "worker-2") is None

    async with asyncio.timeout(30):
        while (successor := await _claim(database, portal, job, "worker-2")) is None:  # noqa: ASYNC110  # the database's clock sets no event
            await asyncio.sleep(0.05)

    assert successor.attempts == 2
    assert await _settle(database, portal, dead_worker, Failed("woke up late")) is None
    assert await _settle(database, portal, successor, Done()) is State.DONE


async def test_a_job_asked_for_later_is_not_due_now(database: Database, portal: Ownership) -> None:
    tomorrow = datetime.now(tz=UTC) + timedelta(days=1)
    async with writing(database, portal) as session:
        job = await queue.enqueue(session, "test.work", {}, run_at=tomorrow)

    assert await _claim(database, portal, job) is None
    assert job not in await _due(database, portal)


async def test_behind_a_stale_fence_nothing_is_claimed(
    database: Database, portals: BarePortals, portal: Ownership
) -> None:
    job = await _enqueue(database, portal)
    await portals.set_fence(portal, 2, "open")

    with pytest.raises(StaleRouteError):
        await _claim(database, portal, job)

    moved = replace(portal, epoch=2)
    assert await _claim(database, moved, job)


async def test_a_failed_turn_is_tried_again_later_until_the_job_is_dead(
    database: Database, portal: Ownership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "backoff_seconds", lambda attempts: attempts * 3600.0)
    job = await _enqueue(database, portal, max_attempts=2)

    first = await _claim(database, portal, job)
    assert first
    assert await _settle(database, portal, first, Retry("no answer")) is State.QUEUED
    waiting = await _find(database, portal, job)
    assert await _claim(database, portal, job) is None
    await _make_due(database, portal, job)
    second = await _claim(database, portal, job)
    assert second
    assert await _settle(database, portal, second, Retry("still no answer")) is State.DEAD

    dead = await _find(database, portal, job)
    assert (waiting.state, waiting.error) == (State.QUEUED, "no answer")
    assert (dead.state, dead.error, dead.attempts) == (State.DEAD, "still no answer", 2)
    assert job not in await _due(database, portal)


async def test_a_turn_that_got_on_makes_the_job_due_again_and_forgives_earlier_failures(
    database: Database, portal: Ownership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "backoff_seconds", lambda _: 0.0)
    job = await _enqueue(database, portal)

    for outcome in (Retry("no answer"), Again()):
        claim = await _claim(database, portal, job)
        assert claim
        await _settle(database, portal, claim, outcome)

    claim = await _claim(database, portal, job)
    found = await _find(database, portal, job)
    assert claim
    assert (claim.attempts, found.error) == (1, None)
    await _settle(database, portal, claim, Again(after_seconds=3600))
    assert await _claim(database, portal, job) is None


@pytest.mark.parametrize(
    ("outcome", "state", "error"),
    [
        (Done(), State.DONE, None),
        (Failed("mailbox unknown"), State.FAILED, "mailbox unknown"),
        (Dead("unknown template"), State.DEAD, "unknown template"),
    ],
)
async def test_a_finished_mail_keeps_nothing_of_its_link(
    database: Database, portal: Ownership, outcome: Outcome, state: State, error: str | None
) -> None:
    letter = Mail(
        template="confirmation", to="a@example.org", locale="en", values={"link": "s3cret"}
    )
    async with writing(database, portal) as session:
        job = await mail.send_later(session, letter)
    claim = await _claim(database, portal, job)
    assert claim
    assert Mail.model_validate_json(claim.payload) == letter
    assert "s3cret" not in repr(letter) + repr(claim)

    async with writing(database, portal) as session:
        await claims.settle(session, claim, outcome, forget_payload=True)

    found = await _find(database, portal, job)
    assert (found.state, found.error, found.payload) == (state, error, {})


async def test_a_job_that_its_step_finished_is_left_as_it_is(
    database: Database, portal: Ownership
) -> None:
    job = await _enqueue(database, portal)
    claim = await _claim(database, portal, job)
    assert claim
    async with writing(database, portal) as session:
        await queue.complete(session, job, {"created": 3})

    assert await _settle(database, portal, claim, Done()) is None

    found = await _find(database, portal, job)
    assert (found.state, found.result) == (State.DONE, {"created": 3})


async def _enqueue(
    database: Database, portal: Ownership, max_attempts: int = queue.MAX_ATTEMPTS
) -> JobId:
    async with writing(database, portal) as session:
        return await queue.enqueue(session, "test.work", {}, max_attempts=max_attempts)


async def _claim(
    database: Database, portal: Ownership, job: JobId, holder: str = "worker-1"
) -> Claim | None:
    async with writing(database, portal) as session:
        return await claims.claim(session, job, holder)


async def _settle(
    database: Database, portal: Ownership, claim: Claim, outcome: Outcome
) -> State | None:
    async with writing(database, portal) as session:
        return await claims.settle(session, claim, outcome)


async def _make_due(database: Database, portal: Ownership, job: JobId) -> None:
    async with writing(database, portal) as session:
        await session.change(MAKE_DUE, job=job)


async def _due(database: Database, portal: Ownership) -> set[JobId]:
    pages = [page async for page in scanning.due(database)]
    return {found.job for page in pages for found in page if found.portal == portal.portal}


async def _find(database: Database, portal: Ownership, job: JobId) -> Job:
    async with reading(database, portal.portal) as session:
        found = await queue.find(session, job)
    assert found is not None
    return found
