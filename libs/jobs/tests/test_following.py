"""A job may sleep until its portal's journal goes on, and misses nothing by it."""

from db import journal
from db.engine import Database
from db.sessions import Ownership, reading, writing
from jobs import claims, deliveries, queue, scanning
from jobs.claims import Claim
from jobs.outcomes import Again, Done
from jobs.queue import JobId
from kernel.facts import Fact
from testkit.bare_portals import BarePortals

DAY = 86_400.0


async def happened(database: Database, portal: Ownership) -> int:
    """Let something happen in the portal, and return the entry of the journal."""
    async with writing(database, portal) as session:
        session.publish(Fact("test", 1, "created"))
    return await newest(database, portal)


async def newest(database: Database, portal: Ownership) -> int:
    async with reading(database, portal.portal) as session:
        rows = await session.all(journal.SINCE, cursor=0, limit=1000)
    return int(rows[-1][0])


async def begun(database: Database, portal: Ownership) -> JobId:
    async with writing(database, portal) as session:
        return await deliveries.begin(session, 7)


async def taken(database: Database, portal: Ownership, job: JobId) -> Claim | None:
    async with writing(database, portal) as session:
        return await claims.claim(session, job, "worker-1")


async def sleeping(database: Database, portal: Ownership, awaits: int) -> JobId:
    job = await begun(database, portal)
    claim = await taken(database, portal, job)
    assert claim is not None
    await settled(database, portal, claim, Again(DAY, awaits))
    return job


async def settled(
    database: Database, portal: Ownership, claim: Claim, outcome: Again | Done
) -> None:
    async with writing(database, portal) as session:
        await claims.settle(session, claim, outcome)


async def woken(database: Database, portal: Ownership, job: JobId) -> None:
    async with writing(database, portal) as session:
        await queue.wake(session, job)


async def awake(database: Database, portal: Ownership) -> list[JobId]:
    pages = [page async for page in scanning.awake(database)]
    return [f.job for page in pages for f in page if f.portal == portal.portal]


async def test_a_job_sleeps_until_the_journal_of_its_own_portal_goes_on(
    database: Database, portals: BarePortals
) -> None:
    mine, other = await portals.open(), await portals.open()
    entry = await happened(database, mine)
    job = await sleeping(database, mine, entry)
    await happened(database, other)
    assert await awake(database, mine) == []

    await happened(database, mine)

    assert await awake(database, mine) == [job]
    assert await taken(database, mine, job)
    assert await awake(database, mine) == []
    assert await taken(database, mine, job) is None


async def test_what_happened_while_it_worked_wakes_it(
    database: Database, portal: Ownership
) -> None:
    entry = await happened(database, portal)
    job = await begun(database, portal)
    claim = await taken(database, portal, job)
    assert claim is not None
    await happened(database, portal)
    await settled(database, portal, claim, Again(DAY, entry))
    assert await awake(database, portal) == [job]


async def test_who_is_woken_during_a_turn_has_another_and_not_two_at_once(
    database: Database, portal: Ownership
) -> None:
    entry = await happened(database, portal)
    job = await begun(database, portal)
    claim = await taken(database, portal, job)
    assert claim is not None

    await woken(database, portal, job)

    assert await awake(database, portal) == []
    assert await taken(database, portal, job) is None
    await settled(database, portal, claim, Again(DAY, entry))
    assert await awake(database, portal) == [job]
    assert await taken(database, portal, job)


async def test_a_sleeper_can_be_woken_even_if_it_awaits_nothing(
    database: Database, portal: Ownership
) -> None:
    await happened(database, portal)
    job = await begun(database, portal)
    claim = await taken(database, portal, job)
    assert claim is not None
    await settled(database, portal, claim, Again(DAY))
    assert await taken(database, portal, job) is None
    await woken(database, portal, job)
    assert await awake(database, portal) == [job]


async def test_a_job_that_has_ended_is_not_woken(database: Database, portal: Ownership) -> None:
    await happened(database, portal)
    job = await begun(database, portal)
    claim = await taken(database, portal, job)
    assert claim is not None
    await settled(database, portal, claim, Done())
    await woken(database, portal, job)
    assert await awake(database, portal) == []
    assert await taken(database, portal, job) is None
