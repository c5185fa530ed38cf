"""What the observers agree on: who is dead, whether the link is cut, who has obeyed.

Nothing here decides. Each function is a sentence of HA.md §5 and §6, and each is proven necessary: the
simulation fails when one of them lies (``tests/test_mutations.py``).
"""

from failover.record import Pair, behind
from failover.state import Database, Report, Snapshot

FRESH_SECONDS = 3.0
"""An older report is no witness of anything."""
DEAD_SECONDS = 1.0
"""Unreachable for so long is dead; a garbage collection or a lost packet is shorter."""
LINK_SECONDS = 1.5
"""Longer than ``DEAD_SECONDS``: a dead database also looks like a cut link, and is the better guess."""
LATE_SECONDS = 2.0
"""So much later than it was written a report may be noticed, where everything is busy after a blow."""
CLOCK_SECONDS = 5.0
NEAR_TRANSACTIONS = 100
"""So near behind, waiting for the peer again stalls nobody for long."""


def fresh(seen: Snapshot, site: str) -> Report | None:
    """Return the report of a site unless it is too old."""
    report = seen.reports.get(site)
    return report if report is not None and seen.ages[site] <= FRESH_SECONDS else None


def database(seen: Snapshot, site: str) -> Database | None:
    """Return what the site's database said of itself lately."""
    report = fresh(seen, site)
    return None if report is None else report.database


def misses(seen: Snapshot, site: str, other: str, seconds: float = DEAD_SECONDS) -> bool:
    """Tell whether ``site`` says that the database of ``other`` has not answered it for some time."""
    report = fresh(seen, site)
    return report is not None and report.unseen_seconds[other] >= seconds


def is_missed_by_witness(seen: Snapshot, site: str) -> bool:
    """The third vote: without it a cut link would look like a death."""
    return misses(seen, seen.witness, site)


def is_alive(seen: Snapshot, site: str, within_seconds: float = FRESH_SECONDS) -> bool:
    """Its own agent, or the witness, certainly reached the database so lately."""
    own, watching = (
        report if (report := fresh(seen, name)) and _most(seen, name) <= within_seconds else None
        for name in (site, seen.witness)
    )
    if own is not None and own.database is not None:
        return True
    return watching is not None and watching.unseen_seconds[site] == 0


def _most(seen: Snapshot, site: str) -> float:
    """Return how old the report of a site is at most.

    When etcd has lost its leader, the last word of a datacentre that was cut off is read only after the
    election, seconds after it was written, and looks as if it had just come.
    """
    return seen.ages[site] + seen.late.get(site, 0.0)


def is_dead(seen: Snapshot, pair: Pair, site: str) -> bool:
    """Witness and survivor agree: neither reaches it, replication from it is broken, it says nothing."""
    survivor = pair.peer_of(site)
    receiver = database(seen, survivor)
    return (
        is_missed_by_witness(seen, site)
        and misses(seen, survivor, site)
        and receiver is not None
        and (receiver.receiver_silent_seconds >= DEAD_SECONDS or not receiver.receiver_runs)
        and database(seen, site) is None
    )


def find_lost(seen: Snapshot, pair: Pair) -> str | None:
    """Return the datacentre whose database is agreed to be dead."""
    return next((site for site in pair.sites if is_dead(seen, pair, site)), None)


def link_is_cut(seen: Snapshot, pair: Pair) -> bool:
    """Both databases live, and one of them has heard nothing of the other for some time.

    The other must have shown life well after the silence began: the last report of a datacentre that died
    as a whole, or is cut off from everybody, says that it is alive too, and may be noticed late. One that
    misses its peer in turn was written during the silence.
    """
    for site in pair.sites:
        own, peer = database(seen, site), pair.peer_of(site)
        if own is None or not own.receiver_runs or own.receiver_silent_seconds < LINK_SECONDS:
            continue
        slack = DEAD_SECONDS if misses(seen, peer, site) else LATE_SECONDS
        if is_alive(seen, peer, within_seconds=own.receiver_silent_seconds - slack):
            return True
    return False


def obeying(seen: Snapshot, pair: Pair, site: str) -> Database | None:
    """Return the database if it has obeyed this very record: no older command can change it any more."""
    own = database(seen, site)
    return own if own is not None and own.obeyed == pair.revision else None


def has_received(pair: Pair, site: str, own: Database, peer: Database) -> bool:
    """Tell whether ``site`` has everything in its relay log that the peer's binary log has."""
    other = pair.peer_of(site)
    return own.received.get(other, 0) >= peer.logged.get(other, 0)


def is_near(own: Database, peer: Database) -> bool:
    """Tell whether ``own`` lacks little of what the peer has."""
    return behind(own.applied, peer.logged) <= NEAR_TRANSACTIONS


def clock_is_wrong(seen: Snapshot) -> bool:
    """All other sites disagree with my wall clock: then it is mine that is wrong."""
    votes = 0
    for site, report in seen.reports.items():
        if site == seen.observer or seen.ages[site] > FRESH_SECONDS:
            continue
        if abs(report.wall + seen.ages[site] - seen.wall) <= CLOCK_SECONDS:
            return False
        votes += 1
    return votes > 1
