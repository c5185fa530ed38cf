"""Waits grow, stay within their limits, and are not the same for all."""

from hypothesis import given
from hypothesis import strategies as st

from jobs.outcomes import FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, backoff_seconds
from jobs.queue import MAX_ATTEMPTS


@given(st.integers(min_value=1, max_value=10_000))
def test_a_wait_is_never_longer_than_the_longest(attempts: int) -> None:
    assert FIRST_WAIT_SECONDS / 2 <= backoff_seconds(attempts) <= LONGEST_WAIT_SECONDS


def test_a_wait_doubles_with_each_attempt() -> None:
    assert 0.5 <= backoff_seconds(1) <= 1 <= backoff_seconds(2) <= 2
    assert 4 <= backoff_seconds(4) <= 8


def test_jobs_that_failed_together_do_not_return_together() -> None:
    assert len({backoff_seconds(8) for _ in range(50)}) > 25


def test_a_job_outlives_an_outage_of_an_hour() -> None:
    waits = sum(backoff_seconds(n) for n in range(1, MAX_ATTEMPTS))
    assert waits > 3600
