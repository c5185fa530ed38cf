"""The journal hides nothing from a reader who follows it, however transactions overlap."""

import asyncio
import random

from db import journal
from db.engine import Database
from db.sessions import Ownership, reading, writing
from kernel.facts import Fact

WRITERS, EACH = 12, 25
DEADLINE_SECONDS = 60


async def test_ids_of_a_datacentre_have_its_parity(database: Database, owner: Ownership) -> None:
    async with writing(database, owner) as session:
        session.publish(*(Fact("lead", n, "created") for n in range(5)))
    async with reading(database, owner.portal) as session:
        ids = [row[0] for row in await session.all(journal.SINCE, cursor=0, limit=10)]
    assert len(ids) == 5
    assert {i % 2 for i in ids} == {1}


async def test_a_follower_misses_nothing_while_transactions_commit_out_of_order(
    database: Database, owner: Ownership
) -> None:
    """Ids are handed out in one order and become visible in another; the follower must not step over."""

    async def write(writer: int) -> None:
        for turn in range(EACH):
            async with writing(database, owner) as session:
                session.publish(Fact("lead", writer * 1000 + turn, "created"))
                await session.flush()  # the id is taken here ...
                await asyncio.sleep(random.random() / 50)  # noqa: S311  # ... and seen only later

    seen: list[int] = []

    async def follow() -> None:
        cursor = 0
        while len(seen) < WRITERS * EACH:
            async with reading(database, owner.portal) as session:
                rows = await session.all(journal.SINCE, cursor=cursor, limit=7)
            seen.extend(journal.entry(row).entity_id for row in rows)
            cursor = rows[-1][0] if rows else cursor

    async with asyncio.timeout(DEADLINE_SECONDS):
        await asyncio.gather(follow(), *(write(w) for w in range(WRITERS)))
    assert sorted(seen) == sorted(w * 1000 + t for w in range(WRITERS) for t in range(EACH))
