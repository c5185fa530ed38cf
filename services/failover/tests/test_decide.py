"""The rungs of the controller's ladder, and what an agent does about its database."""

from dataclasses import replace

from failover.actions import (
    AcceptWrites,
    AcknowledgeAlone,
    ChangeRecord,
    RestartSafely,
    SetFence,
    StopReceiver,
)
from failover.decide import decide
from failover.decision import Decision, Duty
from failover.follow import follow
from failover.record import Mode, Pair, Rejoin, Step, Takeover
from failover.state import Fence, Snapshot

from .observations import PEACE, WITNESS, A, B, a_database, a_report, seeing

SILENT = {"receiver_silent_seconds": 9.0}
TAKING = replace(PEACE, term=2, serving={A: B, B: B}, move=Takeover(A, B, (A,), Step.FENCE))
DRAINING = replace(
    TAKING, alone=frozenset((B,)), move=Takeover(A, B, (A,), Step.DRAIN, {A: 12, B: 10})
)


def record_after(decision: Decision) -> Pair:
    assert isinstance(decision.action, ChangeRecord), decision.why
    assert decision.action.revision == 7
    return decision.action.after


def duty_at(site: str, seen: Snapshot) -> Duty:
    return follow(replace(seen, observer=site))


def test_at_peace_nothing_is_done() -> None:
    assert decide(seeing()) == Decision("all is well")


def test_without_a_majority_of_etcd_nobody_acts() -> None:
    assert decide(seeing(None, dead=(A,))).action is None
    assert duty_at(B, seeing(None, dead=(A,))).command is None


def test_who_does_not_lead_does_nothing() -> None:
    assert decide(seeing(dead=(A,), leads_seconds=0.0)).action is None


def test_a_dead_master_is_taken_over_from_under_a_new_term_and_nobody_is_alone_yet() -> None:
    after = record_after(decide(seeing(dead=(A,))))

    assert (after.term, after.serving, after.mode) == (2, {A: B, B: B}, Mode.SYNC)
    assert after.displaced == {A}


def test_a_dead_witness_means_no_takeover() -> None:
    assert decide(seeing(dead=(A,), missing=(WITNESS,))).action is None


def test_a_cut_link_with_both_alive_is_no_death() -> None:
    seen = seeing(a=a_database(A, **SILENT), b=a_database(B, **SILENT))

    after = record_after(decide(seen))

    assert (after.mode, after.serving) == (Mode.SPLIT, PEACE.serving)


def test_the_last_word_of_a_dying_datacentre_does_not_look_like_a_cut_link() -> None:
    seen = seeing(b=a_database(B, receiver_silent_seconds=1.7))
    unseen = {**seen.reports, WITNESS: a_report(WITNESS, None, (A,))}
    dying = replace(seen, reports=unseen, ages={**seen.ages, A: 1.6})

    assert decide(dying).action is None
    assert record_after(decide(seeing(dead=(A,), missing=(A,)))).serving == {A: B, B: B}


def test_a_database_whose_own_agent_speaks_for_it_is_not_dead_though_witness_and_peer_miss_it() -> (
    None
):
    seen = seeing(b=a_database(B, **SILENT))
    reports = {
        **seen.reports,
        WITNESS: a_report(WITNESS, None, (A,)),
        B: a_report(B, a_database(B, **SILENT), (A,)),
    }

    assert record_after(decide(replace(seen, reports=reports))).mode is Mode.SPLIT


def test_a_last_report_from_before_the_silence_is_no_sign_of_life() -> None:
    b = a_database(B, receiver_silent_seconds=1.6)
    cut_off = seeing(b=b)
    reports = {**cut_off.reports, WITNESS: a_report(WITNESS, None, (A,)), B: a_report(B, b, (A,))}
    seen = replace(cut_off, reports=reports, ages={**cut_off.ages, A: 1.5})

    assert decide(seen).action is None
    missing_b = {**reports, A: a_report(A, a_database(A), (B,))}
    later = replace(seen, reports=missing_b, ages={**seen.ages, A: 0.2})
    assert record_after(decide(later)).mode is Mode.SPLIT


def test_a_last_report_that_was_noticed_late_is_no_sign_of_life() -> None:
    b = a_database(B, receiver_silent_seconds=2.5)
    busy = seeing(b=b)
    reports = {**busy.reports, WITNESS: a_report(WITNESS, None, (A,)), B: a_report(B, b, (A,))}

    assert decide(replace(busy, reports=reports, ages={**busy.ages, A: 1.4})).action is None


def test_a_last_report_that_is_read_only_after_an_election_of_etcd_is_no_sign_of_life() -> None:
    b = a_database(B, receiver_silent_seconds=2.3)
    cut_off = seeing(b=b)
    reports = {**cut_off.reports, WITNESS: a_report(WITNESS, None, (A,)), B: a_report(B, b, (A,))}
    just_read = replace(cut_off, reports=reports, ages={**cut_off.ages, A: 0.1})

    assert decide(replace(just_read, late={A: 2.1})).action is None
    assert record_after(decide(replace(just_read, late={A: 0.1}))).mode is Mode.SPLIT


def test_old_reports_are_no_witnesses() -> None:
    seen = seeing(dead=(A,))

    assert decide(replace(seen, ages={**seen.ages, WITNESS: 60.0})).action is None


def test_a_survivor_that_restarted_does_not_take_over_but_goes_on_alone() -> None:
    after = record_after(decide(seeing(b=a_database(B, run="2"), dead=(A,))))

    assert (after.mode, after.serving) == (Mode.SOLO, PEACE.serving)


def test_the_survivor_is_alone_only_after_it_has_stopped_its_receiver() -> None:
    obeyed = a_database(B, obeyed=7)
    stopped = replace(obeyed, receiver_runs=False)

    assert decide(seeing(TAKING, b=obeyed, dead=(A,))).action is None
    assert record_after(decide(seeing(TAKING, b=stopped, dead=(A,)))).alone == {B}


def test_the_agent_stops_the_receiver_first_and_turns_semi_sync_off_only_when_alone() -> None:
    stopped = a_database(B, receiver_runs=False)

    assert duty_at(B, seeing(TAKING)).command == StopReceiver(7)
    assert duty_at(B, seeing(TAKING, b=stopped)).command is None
    assert duty_at(B, seeing(DRAINING, b=stopped)).command == AcknowledgeAlone(7)


def test_the_survivor_opens_when_it_has_applied_the_written_position() -> None:
    draining = a_database(B, receiver_runs=False, waits_for_peer=False)
    drained = replace(draining, applied={A: 12, B: 10}, fences={B: Fence(1, is_open=True)})

    assert duty_at(B, seeing(DRAINING, b=draining)).command is None
    assert duty_at(B, seeing(DRAINING, b=drained, nodes_behind=1)).command is None
    assert duty_at(B, seeing(DRAINING, b=drained)).command == SetFence(A, 2, True, 7)


def test_a_returning_master_starts_as_a_replica_and_does_not_accept_writes() -> None:
    away = replace(DRAINING, away=A, move=None)
    returned = a_database(A, is_read_only=True, receiver_runs=False, fences={A: Fence(2, False)})

    assert duty_at(A, seeing(away, a=returned)).command is None
    restarting = seeing(replace(away, move=Rejoin(A, Step.RESTART)), a=returned)
    assert duty_at(A, restarting).command == RestartSafely(7)


def test_a_restarted_master_still_in_service_accepts_writes_again() -> None:
    assert duty_at(A, seeing(a=a_database(A, is_read_only=True))).command == AcceptWrites(7)


def test_a_server_without_fence_rows_opens_nothing() -> None:
    blank = a_database(A, fences={}, is_read_only=True)

    assert duty_at(A, seeing(a=blank)).command is None


def test_an_agent_with_an_old_record_does_nothing() -> None:
    newer = a_database(A, obeyed=8, is_read_only=True)

    assert duty_at(A, seeing(a=newer)).command is None


def test_a_suspended_database_does_not_wait_for_a_peer_that_takes_nothing_from_it() -> None:
    parked = replace(
        PEACE, serving={A: B, B: B}, term=2, alone=frozenset((B,)), away=A, parked=True
    )
    closed = a_database(A, fences={A: Fence(2, is_open=False)}, receiver_runs=False)
    still_open = replace(closed, fences={A: Fence(1, is_open=True)})

    assert isinstance(duty_at(A, seeing(parked, a=closed)).command, AcknowledgeAlone)
    assert not isinstance(duty_at(A, seeing(parked, a=still_open)).command, AcknowledgeAlone)
