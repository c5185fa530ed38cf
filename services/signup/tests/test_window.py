"""The sliding window: arithmetic, so tested with made-up instants."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signup.window import judge

MINUTE = 60.0
NOON = 1_800_000_000.0


def admitted(limit: int, instants: Sequence[float]) -> list[float]:
    """Return which of the instants are admitted."""
    state: Sequence[float] = ()
    passed = []
    for instant in instants:
        verdict = judge(limit, MINUTE, state, instant)
        if not verdict.wait_seconds:
            state = verdict.admitted_at
            passed.append(instant)
    return passed


@pytest.mark.parametrize("limit", [1, 5, 600])
def test_the_whole_limit_is_admitted_at_once_and_not_one_more(limit: int) -> None:
    assert len(admitted(limit, [NOON] * (limit + 10))) == limit


def test_requests_spread_over_the_minute_do_not_earn_a_sixth() -> None:
    spread = [NOON + n * 9 for n in range(7)]  # 0, 9, ... 54 s
    assert admitted(5, spread) == spread[:5]


def test_who_waits_as_told_is_admitted() -> None:
    state = [NOON, NOON + 10, NOON + 20, NOON + 30, NOON + 40]
    refused = judge(5, MINUTE, state, NOON + 50)
    assert refused.wait_seconds == pytest.approx(10.0)
    assert judge(5, MINUTE, refused.admitted_at, NOON + 59.9).wait_seconds > 0
    assert judge(5, MINUTE, refused.admitted_at, NOON + 60.1).wait_seconds == 0


def test_a_clock_far_ahead_shuts_nobody_out_for_longer_than_a_minute() -> None:
    assert judge(1, MINUTE, [NOON + 3600], NOON).wait_seconds == pytest.approx(MINUTE)


def test_a_lowered_limit_holds_at_once() -> None:
    state = [NOON + n for n in range(10)]
    assert judge(2, MINUTE, state, NOON + 10).wait_seconds == pytest.approx(58.0)


@given(st.integers(1, 20), st.lists(st.floats(0, 5 * MINUTE), max_size=200).map(sorted))
def test_no_minute_has_more_than_the_limit(limit: int, offsets: list[float]) -> None:
    passed = admitted(limit, [NOON + o for o in offsets])
    for first in passed:
        assert sum(first <= p < first + MINUTE - 1e-3 for p in passed) <= limit
