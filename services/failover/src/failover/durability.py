"""Who may acknowledge alone (HA.md §5): the record changes first, then the databases."""

from dataclasses import replace

from failover.agreement import (
    database,
    has_received,
    is_near,
    link_is_cut,
    obeying,
)
from failover.decision import Decision, change
from failover.record import Join, Pair
from failover.state import Database, Snapshot


def stand_alone(pair: Pair, survivor: str, why: str) -> Decision:
    """Let the survivor acknowledge alone; the sides stay where they are."""
    alone = pair.alone | {survivor}
    return change(pair, replace(pair, alone=alone, move=None), f"{survivor} goes on alone: {why}")


def split(pair: Pair) -> Decision:
    """The link is cut and both live: each serves its own, nobody may take over."""
    after = replace(pair, alone=frozenset(pair.sites), move=None)
    return change(pair, after, "the link is cut and both databases live: each goes on alone")


def begin_join(seen: Snapshot, pair: Pair) -> Decision:
    """Wait for each other again, once the slower one is near."""
    first, second = (database(seen, site) for site in pair.sites)
    if first is None or second is None:
        return Decision(f"{pair.mode}: waiting for both databases to answer")
    if not (first.hears_peer and second.hears_peer):
        return Decision(f"{pair.mode}: waiting for replication to connect both ways")
    if not (is_near(first, second) and is_near(second, first)):
        return Decision(f"{pair.mode}: catching up")
    return change(pair, joining(pair), "both are near: each waits for the other again")


def joining(pair: Pair) -> Pair:
    """Return the record in which both wait again; who has a peer that was alone must swear anew."""
    sworn = pair.sworn or {}
    lacks = {site for site in pair.sites if pair.peer_of(site) in pair.alone}
    kept = {site: None if site in lacks else sworn.get(site) for site in pair.sites}
    return replace(pair, move=Join(), sworn=kept)


def resume_join(seen: Snapshot, pair: Pair) -> Decision:
    """Declare SYNC once each has everything that the other acknowledged alone.

    One after the other: under load there is hardly an instant at which both reports show it.
    """
    if link_is_cut(seen, pair):
        return change(pair, replace(pair, move=None), "the link is cut again: joining is given up")
    first, second = (obeying(seen, pair, site) for site in pair.sites)
    if first is None or second is None:
        return Decision("joining: waiting until both databases have obeyed")
    if not (is_waiting(first) and is_waiting(second)):
        return Decision("joining: waiting until both databases wait for each other")
    sworn = {
        pair.sites[0]: oath(pair, pair.sites[0], first, second),
        pair.sites[1]: oath(pair, pair.sites[1], second, first),
    }
    if None not in sworn.values():
        after = replace(pair, alone=frozenset(), sworn=sworn, move=None)
        after = replace(after, away=None, parked=False, forced=False)
        return change(pair, after, "each has all that the other acknowledged: SYNC")
    if sworn != pair.sworn:
        return change(pair, replace(pair, sworn=sworn), "joining: one has received all")
    return Decision("joining: waiting until each has received all of the other")


def oath(pair: Pair, site: str, own: Database, peer: Database) -> str | None:
    """Return the run of ``site`` if it has, or had, received all that its waiting peer has logged."""
    return own.run if pair.is_sworn(site, own.run) or has_received(pair, site, own, peer) else None


def is_waiting(own: Database) -> bool:
    """Tell whether it acknowledges nothing alone any more, and its peer's receiver replies to it."""
    return own.waits_for_peer and own.is_replied_to


def swear(seen: Snapshot, pair: Pair) -> Decision | None:
    """Find a database whose present run is not sworn, and see to it; ``None`` if there is none.

    A restart throws away what was received and not applied, so the new run must first receive all of it
    again. Which all? The peer's log as read after the record had said that the old run is gone.
    """
    sworn = pair.sworn or {}
    for site in pair.sites:
        own, peer = database(seen, site), database(seen, pair.peer_of(site))
        if own is None or peer is None or pair.peer_of(site) in pair.alone:
            continue
        if sworn.get(site) not in (None, own.run):
            after = replace(pair, sworn={**sworn, site: None})
            return change(pair, after, f"{site} was restarted: it may lack what it had received")
        if sworn.get(site) is None and may_swear(seen, pair, site):
            after = replace(pair, sworn={**sworn, site: own.run})
            return change(pair, after, f"{site} has received everything again")
    return None


def may_swear(seen: Snapshot, pair: Pair, site: str) -> bool:
    """Tell whether the present run of ``site`` has received all that its peer acknowledged."""
    own, peer = obeying(seen, pair, site), obeying(seen, pair, pair.peer_of(site))
    if own is None or peer is None or not own.receiver_runs or not peer.waits_for_peer:
        return False
    return has_received(pair, site, own, peer)
