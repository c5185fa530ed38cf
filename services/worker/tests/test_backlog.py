"""Portals take turns; none has more than its part; nothing grows without bound."""

import asyncio
from itertools import pairwise

from jobs.queue import JobId
from kernel.ids import PortalId
from worker import backlog
from worker.backlog import AT_ONCE_PER_PORTAL, Backlog, Turn

BIG, SMALL = PortalId(1), PortalId(2)


async def taken(waiting: Backlog, count: int) -> list[Turn]:
    turns = []
    for _ in range(count):
        turn = await asyncio.wait_for(waiting.take(), 20)
        assert turn is not None
        turns.append(turn)
    return turns


async def test_a_portal_with_many_jobs_lets_the_others_through() -> None:
    waiting = Backlog()
    for job in range(300):
        waiting.offer(Turn(BIG, JobId(job)))
    waiting.offer(Turn(SMALL, JobId(1)))

    turns = await taken(waiting, AT_ONCE_PER_PORTAL + 1)

    assert Turn(SMALL, JobId(1)) in turns
    assert len([t for t in turns if t.portal == BIG]) == AT_ONCE_PER_PORTAL


async def test_portals_with_equally_much_to_do_alternate() -> None:
    waiting = Backlog()
    for portal in (BIG, SMALL):
        for job in range(3):
            waiting.offer(Turn(portal, JobId(job)))

    turns = await taken(waiting, 6)

    assert all(one.portal != next_one.portal for one, next_one in pairwise(turns))


async def test_who_has_its_part_waits_until_a_turn_is_finished() -> None:
    waiting = Backlog()
    for job in range(AT_ONCE_PER_PORTAL + 1):
        waiting.offer(Turn(BIG, JobId(job)))
    first, *_ = await taken(waiting, AT_ONCE_PER_PORTAL)

    next_one = asyncio.create_task(waiting.take())
    done, _ = await asyncio.wait([next_one], timeout=0.05)
    assert not done
    waiting.finished(first)

    assert await asyncio.wait_for(next_one, 20) == Turn(BIG, JobId(AT_ONCE_PER_PORTAL))


async def test_a_job_waits_once_however_often_it_is_seen() -> None:
    waiting = Backlog()
    turn = Turn(BIG, JobId(1))
    waiting.offer(turn)
    waiting.offer(turn)
    await taken(waiting, 1)
    waiting.offer(turn)  # a scan that began before the claim sees it still due

    more = asyncio.create_task(waiting.take())
    done, _ = await asyncio.wait([more], timeout=0.05)
    assert not done
    waiting.finished(turn)
    waiting.offer(turn)
    assert await asyncio.wait_for(more, 20) == turn


async def test_what_finds_no_room_is_left_out() -> None:
    waiting = Backlog()
    for job in range(backlog.WAITING_PER_PORTAL + 50):
        waiting.offer(Turn(BIG, JobId(job)))
    for portal in range(2, backlog.WAITING_MOST + 50):
        waiting.offer(Turn(PortalId(portal), JobId(1)))

    assert waiting._count == backlog.WAITING_MOST


async def test_a_portal_that_is_not_ours_is_forgotten_and_may_come_back() -> None:
    waiting = Backlog()
    for job in range(3):
        waiting.offer(Turn(BIG, JobId(job)))
    (begun,) = await taken(waiting, 1)

    waiting.forget(BIG)
    waiting.forget(SMALL)
    waiting.finished(begun)
    waiting.offer(Turn(BIG, JobId(7)))

    assert await taken(waiting, 1) == [Turn(BIG, JobId(7))]


async def test_closed_it_gives_out_nothing_and_holds_nobody() -> None:
    waiting = Backlog()
    held = [asyncio.create_task(waiting.take()) for _ in range(3)]
    await asyncio.sleep(0)

    waiting.close()
    waiting.offer(Turn(BIG, JobId(1)))

    assert await asyncio.wait_for(asyncio.gather(*held), 20) == [None, None, None]
    assert await waiting.take() is None
