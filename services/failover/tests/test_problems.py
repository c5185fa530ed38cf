"""Each failure has its row, and one fault pages once."""

from dataclasses import replace

import pytest

from failover import problems
from failover.problems import Urgency
from failover.record import Join, Rejoin, Step, Switch, Takeover
from failover.state import Comparison, Fence, Snapshot

from .observations import PEACE, WITNESS, A, B, a_database, a_report, seeing

AWAY = replace(PEACE, serving={A: B, B: B}, term=2, alone=frozenset((B,)), away=A)
TAKING = replace(PEACE, term=2, serving={A: B, B: B}, move=Takeover(A, B, (A,), Step.FENCE))
SPLIT = replace(PEACE, alone=frozenset((A, B)))
SILENT = {"receiver_silent_seconds": 9.0}

SEEN: dict[str, Snapshot] = {
    "etcd-without-majority": seeing(None),
    "nothing-left": seeing(AWAY, a=a_database(A, is_read_only=True), dead=(B,)),
    "takeover-stuck": seeing(TAKING, b=a_database(B, run="2"), dead=(A,)),
    "takeover-refused": seeing(SPLIT, dead=(A,)),
    "datacentre-dead": seeing(dead=(A,), missing=(A,)),
    "master-dead": seeing(dead=(A,)),
    "rejoin-stopped": seeing(
        replace(AWAY, move=Rejoin(A, Step.CATCH_UP)),
        a=a_database(
            A, is_read_only=True, is_pristine=True, comparison=Comparison(7, is_equal=False)
        ),
    ),
    "link-cut": seeing(a=a_database(A, **SILENT), b=a_database(B, **SILENT)),
    "fence-missing": seeing(a=a_database(A, fences={})),
    "witness-silent": seeing(missing=(WITNESS,)),
    "agent-silent": seeing(missing=(B,)),
    "clock-wrong": seeing(wall=3600.0),
    "split": seeing(SPLIT),
    "lag": seeing(b=a_database(B, lag_seconds=2.0)),
    "stale-owner-open": seeing(b=a_database(B, fences={A: Fence(1, is_open=True)})),
    "away": seeing(AWAY, a=a_database(A, is_read_only=True)),
    "unsworn": seeing(b=a_database(B, run="2")),
    "takeover-unfinished": seeing(TAKING, a=a_database(A, is_read_only=True)),
    "switch-unfinished": seeing(replace(PEACE, move=Switch((A,), A, B, Step.FENCE, 10.0))),
    "joining": seeing(replace(PEACE, move=Join())),
    "anti-flap": seeing(replace(PEACE, switched_at=-60.0)),
    "suspended": seeing(replace(PEACE, parked=True)),
}


def codes(seen: Snapshot) -> list[str]:
    return [problem.code for problem in problems.find(seen)]


def test_each_row_has_an_example() -> None:
    assert set(SEEN) == {p.code for p in problems.PROBLEMS} | {problems.ETCD_LOST.code}


@pytest.mark.parametrize("code", SEEN)
def test_a_failure_is_named(code: str) -> None:
    assert code in codes(SEEN[code])


@pytest.mark.parametrize("code", SEEN)
def test_one_fault_pages_once(code: str) -> None:
    pages = [p.code for p in problems.find(SEEN[code]) if p.urgency is Urgency.PAGE]

    assert pages in ([], [code])


def test_what_an_attempt_before_found_stops_no_return() -> None:
    stopped = SEEN["rejoin-stopped"]
    assert stopped.pair is not None
    later = replace(stopped.pair, revision=stopped.pair.revision + 1)

    assert "rejoin-stopped" not in codes(replace(stopped, pair=later))


def test_at_peace_nothing_is_wrong() -> None:
    assert codes(seeing()) == []


def test_a_witness_that_still_sees_the_master_is_no_agreement_on_its_death() -> None:
    calm = seeing(dead=(A,))
    reports = {**calm.reports, WITNESS: a_report(WITNESS, None)}

    assert "master-dead" not in codes(replace(calm, reports=reports))


def test_what_hides_a_row_is_a_row() -> None:
    known = {problem.code for problem in problems.PROBLEMS}

    assert all(known.issuperset(problem.hidden_by) for problem in problems.PROBLEMS)
