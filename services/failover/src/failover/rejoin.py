"""The way back of a datacentre that was away (HA.md §8): safe start, late ones, catch up, compare, join."""

from dataclasses import replace

from failover import durability
from failover.agreement import database, fresh, is_dead, obeying
from failover.decision import Decision, change, refuse
from failover.demands import Code
from failover.record import Pair, Rejoin, Step, behind
from failover.state import Comparison, Database, Snapshot


def begin(seen: Snapshot, pair: Pair, site: str) -> Decision:
    """Start as soon as the agent of the datacentre speaks; its database may still be down."""
    if pair.parked:
        return Decision(f"{site} is suspended by an operator")
    if fresh(seen, site) is None:
        return Decision(f"{site} is away and its agent is silent")
    after = replace(pair, move=Rejoin(site, Step.RESTART))
    return change(pair, after, f"{site} is back: it starts as a replica")


def resume(seen: Snapshot, pair: Pair, move: Rejoin) -> Decision:
    """Continue from whichever step the record shows."""
    if move.step is Step.CATCH_UP and is_dead(seen, pair, move.site):
        after = replace(pair, move=replace(move, step=Step.RESTART))
        return change(pair, after, f"{move.site} died on its way back: once more from the start")
    own = obeying(seen, pair, move.site)
    peer = database(seen, pair.peer_of(move.site))
    if own is None or peer is None:
        return Decision(f"rejoin: waiting for {move.site} to obey and its peer to answer")
    if move.step is Step.RESTART:
        return catch_up(pair, move, own, peer)
    if not is_started_safely(own):
        after = replace(pair, move=replace(move, step=Step.RESTART))
        return change(pair, after, f"{move.site} was started otherwise: once more from the start")
    return join(pair, move, own)


def catch_up(pair: Pair, move: Rejoin, own: Database, peer: Database) -> Decision:
    """Replicate, unless it has transactions that its peer never received."""
    if not is_started_safely(own):
        return Decision(f"rejoin: waiting until {move.site} has started as a replica")
    late = late_transactions(own, peer)
    if late:
        why = f"rejoin stopped: {move.site} has {late} transactions that its peer never received"
        return refuse(Code.DIFFERENCES, why)
    after = replace(pair, move=replace(move, step=Step.CATCH_UP))
    return change(pair, after, f"{move.site} has nothing of its own: it catches up")


def join(pair: Pair, move: Rejoin, own: Database) -> Decision:
    """Put it back into replication once the contents are equal."""
    comparison = compared(pair, own)
    if comparison is None:
        return Decision(f"rejoin: {move.site} catches up and is compared")
    if not comparison.is_equal:
        why = f"rejoin stopped: the contents of {move.site} differ from its peer's"
        return refuse(Code.DIFFERENCES, why)
    return change(pair, durability.joining(pair), f"{move.site} equals its peer: they join")


def is_started_safely(own: Database) -> bool:
    """Tell whether this run began by forgetting what nobody acknowledged, and was not written since."""
    return own.is_pristine


def late_transactions(own: Database, peer: Database) -> int:
    """Count what only the returning database has: never in the bin, never silently replicated."""
    return behind(peer.logged, own.logged)


def compared(pair: Pair, own: Database) -> Comparison | None:
    """Return what the comparison of this attempt found; one of an attempt before says nothing."""
    comparison = own.comparison
    return comparison if comparison is not None and comparison.revision == pair.revision else None
