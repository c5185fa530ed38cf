"""A timeout whose first cancellation may get lost."""

import asyncio
import contextlib

import pytest

from db.insistence import insistent_timeout

IN_TIME_SECONDS = 3.0  # longer than this process may have to wait for a processor


async def deaf(cancellations: int) -> None:
    """Hear only of what comes after so many cancellations."""
    for _ in range(cancellations):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
    await asyncio.sleep(60)


@pytest.mark.parametrize("cancellations", [0, 1, 3])
async def test_it_ends_what_swallows_cancellations(cancellations: int) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(30), insistent_timeout(0.05):
            await deaf(cancellations)
    assert_is_not_cancelled()
    await asyncio.sleep(0.3)  # nor is it later


async def test_what_ends_in_time_stands() -> None:
    async with insistent_timeout(IN_TIME_SECONDS):
        await asyncio.sleep(0)
    await asyncio.sleep(IN_TIME_SECONDS + 0.2)
    assert_is_not_cancelled()


async def test_what_ends_in_spite_of_it_stands_too() -> None:
    async with insistent_timeout(0.05):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
    await asyncio.sleep(0.2)
    assert_is_not_cancelled()


async def test_a_failure_of_the_block_is_its_own() -> None:
    with pytest.raises(ValueError, match="own"):
        async with insistent_timeout(0.05):
            raise ValueError("own")


async def test_a_cancellation_from_outside_is_passed_on() -> None:
    async def block() -> None:
        async with insistent_timeout(60):
            await asyncio.sleep(60)

    task = asyncio.create_task(block())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def assert_is_not_cancelled() -> None:
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
