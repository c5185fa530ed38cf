"""A step of a transaction is undone alone, with what it had noted."""

import pytest

from db.engine import Database
from db.errors import ContendedError, DatabaseUnavailableError
from db.sessions import Ownership, WriteSession, writing
from kernel.errors import ConflictError
from kernel.facts import Fact

from .test_sessions import _WITH_ID, entries


def fact(number: int) -> Fact:
    return Fact("user", number, "joined", {})


async def step(session: WriteSession, number: int, failure: Exception | None = None) -> None:
    """Write a row at once, note a fact for later, and fail if told to."""
    async with session.savepoint():
        row = {"id": number, "entity": "user", "entity_id": number, "verb": "joined"}
        await session.insert(_WITH_ID, **row, actor=None, at=session.now, payload="{}")
        session.publish(fact(number + 1_000))
        if failure is not None:
            raise failure


def numbers(found: list[tuple[object, ...]]) -> set[object]:
    return {row[2] for row in found}


async def test_a_failed_step_leaves_the_others_and_their_facts(
    database: Database, owner: Ownership
) -> None:
    async with writing(database, owner) as session:
        await step(session, 1)
        with pytest.raises(ConflictError):
            await step(session, 2, ConflictError())
        with pytest.raises(ValueError, match="a defect"):
            await step(session, 3, ValueError("a defect"))
        await step(session, 4)

    assert numbers(await entries(database, owner.portal)) == {1, 4, 1_001, 1_004}


@pytest.mark.parametrize("failure", [ContendedError(), DatabaseUnavailableError()])
async def test_a_step_that_lost_the_transaction_undoes_all(
    database: Database, owner: Ownership, failure: Exception
) -> None:
    async def two_steps() -> None:
        async with writing(database, owner) as session:
            await step(session, 1)
            await step(session, 2, failure)

    with pytest.raises(type(failure)):
        await two_steps()
    assert await entries(database, owner.portal) == []
