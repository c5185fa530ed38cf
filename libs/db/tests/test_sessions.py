"""What a write session promises, on a real server."""

import asyncio
import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import bindparam, func, insert, literal, select

from db import sessions
from db.engine import Database, PoolLimits
from db.errors import (
    DatabaseUnavailableError,
    DuplicateKeyError,
    OutcomeUnknownError,
    StaleRouteError,
)
from db.fence import portal_row
from db.journal import SINCE, journal
from db.sessions import Ownership, WriteSession, reading, translated_errors, writing
from db.statements import Statement
from kernel.errors import ConflictError
from kernel.facts import Fact
from kernel.ids import PortalId

from .conftest import SetFence

DEADLINE_SECONDS = 30
JOINED = Fact("user", 1, "joined", {"имя": "Анна"})
_WITH_ID = Statement(
    insert(journal),
    columns=("portal_id", "id", "entity", "entity_id", "verb", "actor", "at", "payload"),
)


async def entries(database: Database, portal: PortalId) -> list[Any]:
    async with reading(database, portal) as session:
        return list(await session.all(SINCE, cursor=0, limit=1000))


async def write(database: Database, owner: Ownership) -> None:
    async with writing(database, owner) as session:
        session.publish(JOINED)


async def test_a_write_behind_an_open_fence_is_kept(database: Database, owner: Ownership) -> None:
    await write(database, owner)
    assert len(await entries(database, owner.portal)) == 1


async def test_another_portal_sees_nothing_of_it(
    database: Database, owner: Ownership, other_portal: PortalId
) -> None:
    await write(database, owner)
    assert await entries(database, other_portal) == []


@pytest.mark.feature("ARCH-35")
@pytest.mark.parametrize(
    "wrong",
    [
        {"epoch": 2},
        {"epoch": 0},
        {"term": 2},
        {"side": "dc-elsewhere"},
        {"portal": PortalId(12345)},
    ],
)
async def test_a_writer_who_believes_another_epoch_is_refused(
    database: Database, owner: Ownership, wrong: dict[str, Any]
) -> None:
    with pytest.raises(StaleRouteError):
        await write(database, replace(owner, **wrong))
    assert await entries(database, owner.portal) == []


@pytest.mark.feature("ARCH-35")
async def test_a_closed_fence_refuses(
    database: Database, owner: Ownership, set_fence: SetFence
) -> None:
    await set_fence(portal_row(owner.portal), 1, "closed")
    with pytest.raises(StaleRouteError):
        await write(database, owner)


async def test_an_epoch_is_never_lowered(
    database: Database, owner: Ownership, set_fence: SetFence
) -> None:
    await set_fence(portal_row(owner.portal), 5, "closed")
    await set_fence(portal_row(owner.portal), 1, "open")
    with pytest.raises(StaleRouteError):
        await write(database, owner)


async def test_raising_the_epoch_waits_for_the_open_writer_and_then_keeps_others_out(
    database: Database, owner: Ownership, set_fence: SetFence
) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        async with writing(database, owner) as session:
            raising = asyncio.create_task(set_fence(portal_row(owner.portal), 2, "open"))
            done, _ = await asyncio.wait([raising], timeout=0.3)
            assert not done, "the fence was raised under an open writer"
            session.publish(JOINED)
        await raising
    assert len(await entries(database, owner.portal)) == 1
    with pytest.raises(StaleRouteError):
        await write(database, owner)


async def test_an_expected_failure_undoes_everything(database: Database, owner: Ownership) -> None:
    async def fails() -> None:
        async with writing(database, owner) as session:
            session.publish(JOINED)
            await session.flush()
            raise ConflictError

    with pytest.raises(ConflictError):
        await fails()
    assert await entries(database, owner.portal) == []


async def test_a_cancelled_write_leaves_nothing_and_no_broken_connection(
    database: Database, owner: Ownership
) -> None:
    begun = asyncio.Event()

    async def slow() -> None:
        async with writing(database, owner) as session:
            session.publish(JOINED)
            await session.flush()
            begun.set()
            await asyncio.sleep(DEADLINE_SECONDS)

    task = asyncio.create_task(slow())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await entries(database, owner.portal) == []
    await write(database, owner)


async def test_a_duplicate_names_its_index(database: Database, owner: Ownership) -> None:
    async def twice(session: WriteSession) -> None:
        row = {"id": 7, "entity": "x", "entity_id": 1, "verb": "y", "actor": None, "payload": "{}"}
        for _ in range(2):
            await session.insert(_WITH_ID, **row, at=session.now)

    with pytest.raises(DuplicateKeyError) as caught:
        async with writing(database, owner) as session:
            await twice(session)
    assert caught.value.index == "PRIMARY"


async def test_a_naive_datetime_never_reaches_the_database(
    database: Database, owner: Ownership
) -> None:
    mine = journal.c.portal_id == bindparam("portal_id")
    statement = Statement(select(literal(1)).where(mine, journal.c.at < bindparam("t")))
    async with reading(database, owner.portal) as session:
        with pytest.raises(ValueError, match="naive"):
            await session.all(statement, t=datetime(2026, 1, 1))  # noqa: DTZ001  # the point of the test


async def test_an_instant_comes_back_as_it_went_in(database: Database, owner: Ownership) -> None:
    before = datetime.now(tz=UTC)
    await write(database, owner)
    written = (await entries(database, owner.portal))[0][5]
    assert before <= written <= datetime.now(tz=UTC)


async def test_a_commit_on_a_connection_that_is_closed_already_did_nothing(
    database: Database, owner: Ownership
) -> None:
    async def write_and_lose() -> None:
        async with writing(database, owner) as session:
            session.publish(JOINED)
            await session.flush()
            session._connection.close()

    with pytest.raises(DatabaseUnavailableError):
        await write_and_lose()
    assert await entries(database, owner.portal) == []


@pytest.mark.parametrize("is_named", [True, False])
async def test_a_commit_without_an_answer_is_of_unknown_outcome(
    database: Database, owner: Ownership, monkeypatch: pytest.MonkeyPatch, *, is_named: bool
) -> None:
    monkeypatch.setattr(sessions, "COMMIT_SECONDS", 0.0)

    async def write_as_named() -> None:
        async with writing(database, owner) as session:
            session.publish(JOINED)
            session.is_named = is_named

    with pytest.raises(OutcomeUnknownError) as raised:
        await write_as_named()
    assert raised.value.is_named == is_named


@pytest.mark.parametrize("number", [3, 20, 1021, 1114])
async def test_a_server_whose_disk_is_full_did_nothing(database: Database, number: int) -> None:
    async with database.connection() as connection:
        with pytest.raises(DatabaseUnavailableError), translated_errors():
            await connection.cursor().execute(f"SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = {number}")


async def test_a_full_pool_is_an_answer_not_a_hang(database: Database, owner: Ownership) -> None:
    small = Database(database._address, PoolLimits(connections=1, acquire_seconds=0.2))
    await small.open()
    async with asyncio.timeout(DEADLINE_SECONDS), reading(small, owner.portal):
        with pytest.raises(DatabaseUnavailableError):
            async with reading(small, owner.portal):
                pass
    await small.close()


async def test_a_server_that_is_not_there_is_an_answer_not_a_hang(database: Database) -> None:
    nowhere = Database(replace(database._address, port=1))
    await nowhere.open()
    async with asyncio.timeout(DEADLINE_SECONDS):
        assert "database" in (await nowhere.ping() or "")
    await nowhere.close()


async def test_answers_belong_to_their_questions_under_cancellation(database: Database) -> None:
    """asyncmy before 0.2.13 handed one task's rows to another; a tenant would have seen a stranger's."""
    question = Statement(
        select(bindparam("n"), func.sleep(bindparam("pause"))).where(bindparam("portal_id") > 0),
        across_portals="asks no table",
    )
    wrong: list[tuple[int, Any]] = []

    async def ask(number: int) -> None:
        async with reading(database, PortalId(1)) as session:
            row = await session.first(question, n=number, pause=random.random() / 200)  # noqa: S311
            if row is None or int(row[0]) != number:
                wrong.append((number, row))

    async def impatient(worker: int) -> None:
        for turn in range(40):
            try:
                async with asyncio.timeout(random.random() / 100):  # noqa: S311
                    await ask(worker * 1000 + turn)
            except (TimeoutError, DatabaseUnavailableError):
                continue

    async with asyncio.timeout(60):
        await asyncio.gather(*(impatient(worker) for worker in range(32)))
    assert wrong == []
