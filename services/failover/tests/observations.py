"""Snapshots to decide on: a pair at peace, and changes of it."""

from dataclasses import replace
from typing import Any

from failover.record import Pair
from failover.state import Database, Fence, Report, Snapshot

A, B, WITNESS = "dc-a", "dc-b", "witness"
PEACE = Pair((A, B), {A: A, B: B}, sworn={A: "1", B: "1"}, revision=7)


def a_database(site: str, **changes: Any) -> Database:
    """Return a healthy database in service at ``site``."""
    position = {A: 10, B: 10}
    healthy = Database(
        run="1",
        obeyed=7,
        is_pristine=False,
        is_read_only=False,
        waits_for_peer=True,
        is_replied_to=True,
        receiver_runs=True,
        receiver_silent_seconds=0.0,
        receiver_heard_seconds=60.0,
        received=position,
        applied=position,
        logged=position,
        fences={site: Fence(1, is_open=True)},
    )
    return replace(healthy, **changes)


def a_report(site: str, own: Database | None, unseen: tuple[str, ...] = ()) -> Report:
    """Return a report that cannot reach ``unseen`` for a long time."""
    return Report(site, 0.0, own, {s: 9.0 if s in unseen else 0.0 for s in (A, B)})


def seeing(
    pair: Pair | None = PEACE,
    *,
    a: Database | None = None,
    b: Database | None = None,
    dead: tuple[str, ...] = (),
    missing: tuple[str, ...] = (),
    **changes: Any,
) -> Snapshot:
    """Return what a leading controller at the witness sees; ``dead`` databases, ``missing`` reports."""
    own = {A: a or a_database(A), B: b or a_database(B)}
    for site in dead:
        peer = B if site == A else A
        if own[peer].receiver_runs:
            own[peer] = replace(own[peer], receiver_silent_seconds=9.0)
    reports = {
        site: a_report(site, None if site in dead else own.get(site), dead)
        for site in (A, B, WITNESS)
        if site not in missing
    }
    calm = Snapshot(
        observer=WITNESS,
        witness=WITNESS,
        wall=0.0,
        leads_seconds=2.0,
        pair=pair,
        reports=reports,
        ages=dict.fromkeys(reports, 0.0),
    )
    return replace(calm, **changes)
