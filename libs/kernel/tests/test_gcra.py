"""The rate algorithm: arithmetic, so tested with made-up instants."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.gcra import Rate, judge

MINUTE = 60.0
NOON = 1_800_000_000.0


def admitted(rate: Rate, instants: list[float]) -> list[float]:
    """Return which of the instants are admitted."""
    state, passed = 0.0, []
    for instant in instants:
        verdict = judge(rate, state, instant)
        if not verdict.wait_seconds:
            state = verdict.arrival_at
            passed.append(instant)
    return passed


@pytest.mark.parametrize("limit", [1, 5, 7, 600])
def test_the_whole_limit_is_admitted_at_once_and_not_one_more(limit: int) -> None:
    assert len(admitted(Rate(limit, MINUTE), [NOON] * (limit + 10))) == limit


def test_who_waits_as_told_is_admitted() -> None:
    rate, state = Rate(5, MINUTE), 0.0
    for _ in range(5):
        state = judge(rate, state, NOON).arrival_at

    refused = judge(rate, state, NOON)

    assert refused.wait_seconds == pytest.approx(12.0)
    assert judge(rate, state, NOON + 11.9).wait_seconds > 0
    assert judge(rate, state, NOON + 12.0).wait_seconds == 0


def test_after_a_quiet_minute_all_is_forgotten() -> None:
    rate = Rate(5, MINUTE)

    assert len(admitted(rate, [NOON] * 5 + [NOON + MINUTE] * 6)) == 10


def test_a_state_from_a_clock_far_ahead_shuts_nobody_out_for_longer_than_the_limit() -> None:
    rate = Rate(5, MINUTE)

    verdict = judge(rate, NOON + 3600, NOON)

    assert verdict.wait_seconds == pytest.approx(12.0)


@given(
    st.integers(1, 50),
    st.lists(st.floats(0, 5 * MINUTE), max_size=300).map(sorted),
)
def test_never_more_than_the_burst_and_what_was_earned_since(
    limit: int, offsets: list[float]
) -> None:
    rate = Rate(limit, MINUTE)
    passed = admitted(rate, [NOON + o for o in offsets])

    for n, first in enumerate(passed):
        for count, last in enumerate(passed[n:], 1):
            assert count <= limit + (last - first) / rate.interval_seconds + 0.01
