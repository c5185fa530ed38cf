"""Taking a datacentre out of service, bringing it back, giving up on one that is lost (HA.md §8)."""

from console.control import comparing, pairs
from console.control.errand import Errand, admitted, done
from console.control.outcome import Outcome
from console.control.pairs import Pair
from console.control.progress import follow, unless_interrupted
from console.control.switching import switch_sides
from console.errors import RefusedError, StoppedError

OBEY_SECONDS = 30.0
FORCE_SECONDS = 120.0
RETURN_SECONDS = 6 * 3600.0
"""After hours away catching up takes long; whoever does not want to wait types Ctrl-C."""


def suspend(errand: Errand, site: str, *, switches: bool) -> list[Outcome]:
    """Serve its sides elsewhere, unless told not to, then take it out of every pair."""
    found = pairs.pairs_of(errand.failover.status(), site)
    return errand.each(found, lambda pair: _suspend(errand, pair, site, switches=switches))


def resume(errand: Errand, site: str, *, goes_home: bool) -> list[Outcome]:
    """Let it come back into every pair; then bring its own sides home, unless told not to."""
    found = pairs.pairs_of(errand.failover.status(), site)
    return errand.each(found, lambda pair: _resume(errand, pair, site, goes_home=goes_home))


def force(errand: Errand, lost: str, loss: str) -> list[Outcome]:
    """Take over from a lost datacentre, accepting the loss that is spelled out."""
    found = pairs.pairs_of(errand.failover.status(), lost)
    return errand.each(found, lambda pair: _force(errand, pair, lost, loss))


def _suspend(errand: Errand, pair: Pair, site: str, *, switches: bool) -> Outcome:
    if pair.away == site and pair.is_parked:
        return done(pair.name, f"{site} is suspended already")
    if switches and (sides := pair.sides_of(site)):
        switched = switch_sides(errand, pair, sides, pair.peer_of(site))
        if errand.is_dry_run:
            return switched
        pair = errand.pair(pair.id)
    answer = errand.demand(pair, "suspend", site=site)
    if errand.is_dry_run:
        return admitted(pair.name, answer)
    with unless_interrupted(f"{site} is suspended; its replication stops without this command"):
        stopped = follow(
            lambda: errand.pair(pair.id),
            lambda now: f"waiting until replication with {site} has stopped",
            lambda now: not now.is_joined,
            errand.progress,
            OBEY_SECONDS,
        )
    return done(
        pair.name,
        f"{site} is suspended and replication has stopped: it may be worked on; {_positions(stopped)}",
    )


def _positions(pair: Pair) -> str:
    """Say where replication stopped: what each database has of each datacentre."""
    return "; ".join(
        f"{site} has {' '.join(f'{name}:{applied.get(name, 0)}' for name in pair.sites)}"
        for site, applied in sorted(pair.applied.items())
    )


def _resume(errand: Errand, pair: Pair, site: str, *, goes_home: bool) -> Outcome:
    if pair.away == site and pair.is_parked:
        answer = errand.demand(pair, "resume", site=site)
        if errand.is_dry_run:
            return admitted(pair.name, answer)
    if errand.is_dry_run and not pair.is_at_peace:
        return done(pair.name, f"{site} is on its way back already: {pair.duty}")
    after = _await_return(errand, pair, site)
    if not goes_home or after.serving[site] == site:
        return done(pair.name, f"{site} is in service, the pair is SYNC")
    return switch_sides(errand, after, (site,), site)


def _await_return(errand: Errand, pair: Pair, site: str) -> Pair:
    """Wait until both databases wait for each other again; stop when an operator must decide."""
    with unless_interrupted("the way back goes on without this command: `portico status`"):
        after = errand.follow(
            pair,
            lambda now: now.is_at_peace or "rejoin-stopped" in now.problems,
            RETURN_SECONDS,
        )
    if not after.is_at_peace:
        raise StoppedError(_why_stopped(errand, after))
    return after


def _why_stopped(errand: Errand, pair: Pair) -> str:
    """Say what has to be decided: late transactions first, they explain other contents."""
    late = f"`portico late list {pair.id}` shows what one of them had committed alone"
    comparison = pair.comparison
    if comparison is None or comparison["is_equal"] or not comparison["is_done"]:
        return f"{pair.duty}; {late}"
    return f"{pair.duty}; {late}; rows that differ:\n{comparing.report(errand, pair.id)}"


def _force(errand: Errand, pair: Pair, lost: str, loss: str) -> Outcome:
    try:
        answer = errand.demand(pair, "force", lost=lost, loss=loss)
    except RefusedError as refusal:
        if refusal.code != "loss-not-stated":
            raise
        raise RefusedError(refusal.code, f"state the loss with --loss, {refusal.why}") from refusal
    if errand.is_dry_run:
        return admitted(pair.name, answer)
    with unless_interrupted("the takeover goes on without this command: `portico status`"):
        after = errand.follow(
            pair,
            lambda now: now.revision > answer["revision"] and not now.is_moved_by("takeover"),
            FORCE_SECONDS,
        )
    return done(pair.name, f"{' and '.join(after.serving.values())} serve: {after.duty}")
