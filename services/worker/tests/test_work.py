"""Jobs are done once they are committed, by whoever owns the portal, whatever dies in between."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest

from db.engine import Database
from db.sessions import Ownership, reading, writing
from jobs import claims, mail, queue
from jobs.claims import Claim
from jobs.mail import Mail
from jobs.outcomes import Again, Done, Failed, Outcome, Retry
from jobs.queue import Job, JobId
from jobs.tables import State
from kernel.settings import Settings
from testkit.bare_portals import BarePortals
from worker import scout
from worker.backlog import AT_ONCE_PER_PORTAL
from worker.mail.delivery import Relay
from worker.mail.handler import MailHandler
from worker.runner import Handler
from worker.work import Work

from .deadlines import until
from .mail_server import MailServer

FINISHED = {State.DONE, State.FAILED, State.DEAD}
LINK = "https://romashka.portico.localhost/api/v1/confirmations/t0ken"

pytestmark = pytest.mark.cluster


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten what only waits."""
    monkeypatch.setattr(scout, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(claims, "backoff_seconds", lambda attempts: 0.1)


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
        handlers=handlers or {},
        otherwise=otherwise,
        name=name,
    )
    task = asyncio.create_task(work.run())
    try:
        yield work
    finally:
        work.stop()
        async with asyncio.timeout(20):
            await task


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
        handlers={},
        otherwise=hang,
        name="worker-1",
    )
    (job,) = await enqueue(database, portal)
    task = asyncio.create_task(doomed.run())
    await asyncio.wait_for(begun.wait(), 10)
    task.cancel()  # nothing is written about the end
    await asyncio.wait([task])

    async with working(database, portal, name="worker-2", otherwise=done):
        (found,) = await ended(database, portal, job)

    assert (found.state, found.attempts) == (State.DONE, 2)


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
    running, most = 0, 0

    async def slowly(claim: Claim) -> Outcome:
        nonlocal running, most
        if claim.portal == big.portal:
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.05)
            running -= 1
        return Done()

    async with working(database, big, small, otherwise=slowly):
        await asyncio.sleep(0.3)
        (job,) = await enqueue(database, small)
        await ended(database, small, job, seconds=5)

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
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def wait(_: Claim) -> Outcome:
        begun.set()
        await may_end.wait()
        return Done()

    jobs = await enqueue(database, portal, AT_ONCE_PER_PORTAL + 1)
    async with working(database, portal, otherwise=wait) as work:
        await asyncio.wait_for(begun.wait(), 10)
        await asyncio.sleep(0.2)
        work.stop()
        assert await work.ready() == "stopping"
        may_end.set()

    states = Counter([(await find(database, portal, job)).state for job in jobs])
    assert states == {State.DONE: AT_ONCE_PER_PORTAL, State.QUEUED: 1}


async def test_a_mail_is_delivered_once_the_relay_is_back_under_its_first_message_id(
    database: Database, portal: Ownership, settings: Settings, mail_server: MailServer
) -> None:
    await mail_server.stop()
    job = await send_later(database, portal)

    async with working(database, portal, handlers=mailing(settings, mail_server)):
        await until(lambda: attempted(database, portal, job, 2))
        await mail_server.start()
        mail_server.answers.extend(["451 not yet", "452 nor now"])
        (received,) = await mail_server.mails(1)
        (found,) = await ended(database, portal, job)

    assert found.state is State.DONE
    assert received["Message-ID"] == f"<job-{job}.portal-{portal.portal}@{settings.base_domain}>"
    assert received["Date"].datetime == found.created_at.replace(microsecond=0)
    assert LINK in next(received.iter_parts()).get_content()
    assert found.payload == {}, "a mail that was sent leaves no link behind"


async def test_a_mail_sent_twice_is_the_same_message(
    database: Database,
    portal: Ownership,
    settings: Settings,
    mail_server: MailServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(claims, "LEASE_SECONDS", 0.5)
    job = await send_later(database, portal)
    handler = mailing(settings, mail_server)[mail.KIND]
    async with writing(database, portal) as session:
        claim = await claims.claim(session, job, "a worker that dies after sending")
    assert claim
    assert await handler(claim) == Done()

    async with working(database, portal, handlers={mail.KIND: handler}):
        first, second = await mail_server.mails(2)

    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]


async def test_a_mail_that_is_refused_for_good_keeps_the_reason(
    database: Database, portal: Ownership, settings: Settings, mail_server: MailServer
) -> None:
    mail_server.recipient_answers.append("550 5.1.1 mailbox unknown")
    job = await send_later(database, portal)

    async with working(database, portal, handlers=mailing(settings, mail_server)):
        (found,) = await ended(database, portal, job)

    assert (found.state, found.error) == (State.FAILED, "550 5.1.1 mailbox unknown")
    assert (found.attempts, found.payload) == (1, {})


@pytest.mark.parametrize(
    ("payload", "state", "error"),
    [
        (
            {"template": "farewell", "to": "a@example.org", "locale": "ru", "values": {}},
            State.DEAD,
            "no template 'farewell/ru.subject.txt'",
        ),
        (
            {"template": "confirmation", "to": "a@example.org", "locale": "ru", "values": {}},
            State.DEAD,
            "confirmation/ru.subject.txt: 'company' is undefined",
        ),
        ({"to": "a@example.org"}, State.DEAD, "the payload is not a mail"),
        (
            {
                "template": "confirmation",
                "to": "a@example.org\r\nBcc: b@example.org",
                "locale": "ru",
                "values": {"company": "A", "link": LINK, "first_name": ""},
            },
            State.FAILED,
            "not an address that mail can be sent to",
        ),
    ],
)
async def test_what_can_never_be_sent_is_not_tried_again(
    *,
    database: Database,
    portal: Ownership,
    settings: Settings,
    mail_server: MailServer,
    payload: dict[str, object],
    state: State,
    error: str,
) -> None:
    async with writing(database, portal) as session:
        job = await queue.enqueue(session, mail.KIND, payload)

    async with working(database, portal, handlers=mailing(settings, mail_server)):
        (found,) = await ended(database, portal, job)

    assert (found.state, found.error, found.attempts) == (state, error, 1)
    assert mail_server.received == []


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


def mailing(settings: Settings, server: MailServer) -> dict[str, Handler]:
    relay = Relay(server.host, server.port, starttls=False, greets_as=settings.base_domain)
    return {mail.KIND: MailHandler(relay, settings)}


async def send_later(database: Database, portal: Ownership) -> JobId:
    values = {"company": "ООО «Ромашка»", "link": LINK, "first_name": "Анна"}
    letter = Mail(template="confirmation", to="anna@example.org", locale="ru", values=values)
    async with writing(database, portal) as session:
        return await mail.send_later(session, letter)


async def enqueue(database: Database, portal: Ownership, count: int = 1) -> Sequence[JobId]:
    async with writing(database, portal) as session:
        return [await queue.enqueue(session, "test.work", {}) for _ in range(count)]


async def find(database: Database, portal: Ownership, job: JobId) -> Job:
    async with reading(database, portal.portal) as session:
        found = await queue.find(session, job)
    assert found is not None
    return found


async def ended(
    database: Database, portal: Ownership, *jobs: JobId, seconds: float = 30
) -> Sequence[Job]:
    """Wait until the jobs are finished, however they ended."""

    async def all_ended() -> bool:
        return all([(await find(database, portal, job)).state in FINISHED for job in jobs])

    await until(all_ended, seconds)
    return [await find(database, portal, job) for job in jobs]


async def attempted(database: Database, portal: Ownership, job: JobId, times: int) -> bool:
    return (await find(database, portal, job)).attempts >= times
