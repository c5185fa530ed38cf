"""How a database is started, by what the record says and how it ended."""

from dataclasses import replace

import pytest

from failover.database.starting import DECISION_SECONDS, Start, Wait, how_to_start
from failover.record import Join, Pair, Rejoin, Step, Takeover

A, B = "dc-a", "dc-b"
PEACE = Pair((A, B), {A: A, B: B}, revision=7)
TAKEN = replace(PEACE, move=Takeover(A, B, (A,), Step.FENCE))
AWAY = replace(PEACE, alone=frozenset((B,)), away=A)


@pytest.mark.parametrize("was_shut_down", [True, False])
def test_the_first_start_of_all_is_plain(*, was_shut_down: bool) -> None:
    step = how_to_start(None, A, was_shut_down=was_shut_down, waited_seconds=0)

    assert isinstance(step, Start)
    assert step.as_replica is None


def test_one_that_was_shut_down_in_order_starts_plainly_at_once() -> None:
    step = how_to_start(PEACE, A, was_shut_down=True, waited_seconds=0)

    assert isinstance(step, Start)
    assert step.as_replica is None


def test_one_that_died_gives_its_peer_time_to_take_over_and_no_more() -> None:
    first = how_to_start(PEACE, A, was_shut_down=False, waited_seconds=0)
    last = how_to_start(PEACE, A, was_shut_down=False, waited_seconds=DECISION_SECONDS)

    assert isinstance(first, Wait)
    assert isinstance(last, Start)
    assert last.as_replica is None


@pytest.mark.parametrize(
    "pair",
    [
        replace(PEACE, alone=frozenset((A,))),
        replace(PEACE, alone=frozenset((A, B))),
        replace(PEACE, alone=frozenset((A,)), away=B),
        replace(PEACE, move=Takeover(B, A, (B,), Step.DRAIN)),
    ],
    ids=["solo", "split", "its peer is away", "it is the survivor"],
)
def test_one_that_died_waits_for_nobody_who_may_not_take_over(pair: Pair) -> None:
    assert isinstance(how_to_start(pair, A, was_shut_down=False, waited_seconds=0), Start)


@pytest.mark.parametrize(
    "pair",
    [
        TAKEN,
        AWAY,
        replace(AWAY, parked=True),
        replace(AWAY, move=Rejoin(A, Step.CATCH_UP)),
        replace(AWAY, move=Join()),
    ],
    ids=["being taken over from", "away", "suspended", "catching up", "joining"],
)
@pytest.mark.parametrize("was_shut_down", [True, False])
def test_one_out_of_service_waits_for_ever(pair: Pair, *, was_shut_down: bool) -> None:
    step = how_to_start(pair, A, was_shut_down=was_shut_down, waited_seconds=1e6)

    assert isinstance(step, Wait)
    assert isinstance(how_to_start(pair, B, was_shut_down=True, waited_seconds=0), Start)


@pytest.mark.parametrize("was_shut_down", [True, False])
def test_one_that_may_come_back_starts_as_a_replica(*, was_shut_down: bool) -> None:
    pair = replace(AWAY, move=Rejoin(A, Step.RESTART))

    step = how_to_start(pair, A, was_shut_down=was_shut_down, waited_seconds=0)

    assert isinstance(step, Start)
    assert (step.as_replica, step.forgets) == (pair.revision, True)


def test_one_that_was_taken_over_from_by_force_forgets_nothing() -> None:
    pair = replace(AWAY, forced=True, move=Rejoin(A, Step.RESTART))

    step = how_to_start(pair, A, was_shut_down=False, waited_seconds=0)

    assert isinstance(step, Start)
    assert (step.as_replica, step.forgets) == (pair.revision, False)
