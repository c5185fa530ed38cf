"""Bad input and misuse: each gets a clear refusal, none changes anything."""

from dataclasses import replace

import pytest

from failover import admission
from failover.actions import ChangeRecord
from failover.decide import answer, decide
from failover.demands import Code, Demand, Force, Resume, Suspend, SwitchSides
from failover.record import Join, Step, Switch, Takeover
from failover.state import Fence, Snapshot

from .observations import PEACE, A, B, a_database, seeing

TO_B = SwitchSides((A,), B, term=1)
AT_B = replace(PEACE, serving={A: B, B: B})
AWAY = replace(AT_B, alone=frozenset((B,)), away=A)
SWITCHING = replace(PEACE, move=Switch((A,), A, B, Step.FENCE, 10.0))
TAKING = replace(AT_B, move=Takeover(A, B, (A,), Step.FENCE))
SPLIT = replace(PEACE, alone=frozenset((A, B)))
FAR = {A: 999, B: 10}
LOSS = admission.stated_loss(PEACE, A)

REFUSED: dict[str, tuple[Snapshot, Demand, Code]] = {
    "a switch to a datacentre that is behind": (
        seeing(a=a_database(A, logged=FAR)),
        TO_B,
        Code.BEHIND,
    ),
    "a switch to a datacentre whose state is unknown": (
        seeing(missing=(B,)),
        TO_B,
        Code.UNKNOWN_STATE,
    ),
    "a switch to a datacentre that is suspended": (
        seeing(AWAY),
        SwitchSides((A,), A, term=1),
        Code.SUSPENDED,
    ),
    "a switch while the pair is split": (seeing(SPLIT), TO_B, Code.NOT_SYNC),
    "a switch to a server without fence rows": (
        seeing(b=a_database(B, fences={})),
        TO_B,
        Code.FENCE_MISSING,
    ),
    "a switch to where it is": (seeing(), SwitchSides((A,), A, term=1), Code.ALREADY_THERE),
    "a switch to the witness": (seeing(), SwitchSides((A,), "witness", term=1), Code.UNKNOWN_SITE),
    "a switch of no side": (seeing(), SwitchSides((), B, term=1), Code.UNKNOWN_SITE),
    "a second switch": (seeing(SWITCHING), TO_B, Code.MOVE_RUNS),
    "a switch while the databases join": (
        seeing(replace(SPLIT, move=Join())),
        TO_B,
        Code.MOVE_RUNS,
    ),
    "a switch during a takeover": (seeing(TAKING), TO_B, Code.TAKEOVER_RUNS),
    "a switch decided on an old term": (
        seeing(replace(PEACE, term=2)),
        TO_B,
        Code.WRONG_TERM,
    ),
    "force without the loss": (seeing(dead=(A,)), Force(A, 1, "yes"), Code.LOSS_NOT_STATED),
    "force over one that lives": (seeing(), Force(A, 1, LOSS), Code.NOT_LOST),
    "force to a survivor that is unknown": (
        seeing(dead=(A,), missing=(B,)),
        Force(A, 1, LOSS),
        Code.UNKNOWN_STATE,
    ),
    "force to a datacentre that is away": (
        seeing(AWAY, dead=(B,)),
        Force(B, 1, admission.stated_loss(AWAY, B)),
        Code.SUSPENDED,
    ),
    "suspending one that serves": (seeing(), Suspend(A, 1), Code.STILL_SERVES),
    "suspending in a split pair": (
        seeing(replace(AT_B, alone=frozenset((B,)))),
        Suspend(A, 1),
        Code.NOT_SYNC,
    ),
    "suspending one that is away": (seeing(AWAY), Suspend(A, 1), Code.SUSPENDED),
    "resuming one that is not suspended": (seeing(), Resume(A, 1), Code.NOT_SUSPENDED),
    "anything by a controller with a wrong clock": (seeing(wall=3600.0), TO_B, Code.WRONG_CLOCK),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_is(what: str) -> None:
    seen, demand, code = REFUSED[what]

    decision = answer(seen, demand)

    assert decision.refusal is not None
    assert decision.refusal.code == code
    assert decision.why
    assert not hasattr(decision.action, "after")


@pytest.mark.parametrize(
    "pair", [SPLIT, replace(PEACE, alone=frozenset((A,)))], ids=lambda pair: str(pair.mode)
)
def test_a_master_that_was_alone_is_not_taken_over_from(pair: object) -> None:
    decision = decide(seeing(pair, dead=(A,)))  # type: ignore[arg-type] # parametrized

    after = getattr(decision.action, "after", PEACE)
    assert "dc-b lacks" in decision.why
    assert after.serving == PEACE.serving


def test_a_second_takeover_within_ten_minutes_only_frees_the_survivor() -> None:
    decision = decide(seeing(replace(PEACE, switched_at=-60.0), dead=(A,)))

    after = getattr(decision.action, "after", None)
    assert after is not None
    assert (after.serving, after.alone) == (PEACE.serving, {B})


def test_force_with_the_loss_stated_takes_over_from_a_split_pair() -> None:
    decision = answer(seeing(SPLIT, dead=(A,)), Force(A, 1, LOSS))

    after = getattr(decision.action, "after", None)
    assert after is not None
    assert (after.serving, after.alone, after.term) == ({A: B, B: B}, {B}, 2)


def test_a_stale_fence_row_on_the_wrong_server_does_not_open_a_side() -> None:
    seen = seeing(b=a_database(B, fences={A: Fence(1, is_open=True), B: Fence(1, is_open=True)}))

    assert answer(seen, TO_B).refusal is None


def test_a_switch_of_both_sides_moves_only_the_one_that_is_elsewhere() -> None:
    action = answer(seeing(), SwitchSides((A, B), B, term=1)).action

    assert isinstance(action, ChangeRecord)
    assert isinstance(action.after.move, Switch)
    assert action.after.move.sides == (A,)


def test_after_an_operators_switch_the_next_death_is_no_flapping() -> None:
    lately = seeing(replace(AT_B, switched_at=-60.0), wall=0.0)
    decision = answer(lately, SwitchSides((A,), A, term=1))

    assert isinstance(decision.action, ChangeRecord)
    assert decision.action.after.switched_at is None
