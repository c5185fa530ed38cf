"""What the agent of a datacentre does: one command at a time, until its database agrees with the record.

An agent decides nothing about ownership. It acts only on a record read with a majority, and every command
carries the record's revision, so it may sleep for an hour between reading and acting.
"""

from failover import rejoin
from failover.actions import (
    AcceptWrites,
    AcknowledgeAlone,
    AwaitPeer,
    Command,
    Compare,
    Note,
    RestartSafely,
    SetFence,
    StartReceiver,
    StopReceiver,
)
from failover.agreement import database, is_near
from failover.decision import Duty
from failover.record import Join, Pair, Rejoin, Step, Switch, Takeover, behind
from failover.state import Database, Snapshot


def follow(seen: Snapshot) -> Duty:  # noqa: PLR0911 - a ladder
    """Return the next command for the observer's own database."""
    site, pair = seen.observer, seen.pair
    if pair is None:
        return Duty("etcd has no majority: the database stays as it is")
    own = database(seen, site)
    if must_restart(pair, site, own):
        return Duty("a returning master starts as a replica", RestartSafely(pair.revision))
    if own is None:
        return Duty("the database does not answer")
    if own.obeyed > pair.revision:
        return Duty("the database has obeyed a newer record than this one")
    command = (
        receiver(seen, pair, site, own)
        or waiting(pair, site, own)
        or closing(pair, site, own)
        or writing(pair, site, own)
        or opening(seen, pair, site, own)
        or comparing(seen, pair, site, own)
    )
    if command is not None:
        return Duty(f"{pair.mode}, term {pair.term}: the database must follow", command)
    if own.obeyed < pair.revision:
        return Duty("the database agrees with the record", Note(pair.revision))
    return Duty("the database agrees with the record")


def must_restart(pair: Pair, site: str, own: Database | None) -> bool:
    """A returning master may hold commits that nobody acknowledged: they end with its process."""
    return is_rejoining(pair, site, Step.RESTART) and (own is None or not own.is_pristine)


def is_rejoining(pair: Pair, site: str, step: Step) -> bool:
    """Tell whether the site is on its way back, and this far."""
    move = pair.move
    return isinstance(move, Rejoin) and move.site == site and move.step is step


def is_out(pair: Pair, site: str) -> bool:
    """Tell whether the datacentre is out of service, or about to be."""
    return pair.away == site or (isinstance(pair.move, Takeover) and pair.move.lost == site)


def receiver(seen: Snapshot, pair: Pair, site: str, own: Database) -> Command | None:
    """Replication from the peer: everywhere, except for what a takeover or a rejoin forbids."""
    wanted = wants_receiver(pair, site)
    if own.receiver_runs and (not wanted or must_reconnect(seen, pair, site, own)):
        return StopReceiver(pair.revision)
    if wanted and not own.receiver_runs:
        return StartReceiver(pair.revision)
    return None


def must_reconnect(seen: Snapshot, pair: Pair, site: str, own: Database) -> bool:
    """The peer waits in vain: a receiver acknowledges only if the peer waited when it connected."""
    peer_site = pair.peer_of(site)
    peer = database(seen, peer_site)
    if peer is None or peer.is_replied_to or not peer.waits_for_peer or not own.hears_peer:
        return False
    return seen.ages[peer_site] < own.receiver_heard_seconds


def wants_receiver(pair: Pair, site: str) -> bool:
    """A survivor takes nothing from the lost master until that one has rejoined."""
    match pair.move:
        case Takeover(survivor=survivor) if survivor == site:
            return False
        case Rejoin(site=returning, step=step):
            return returning == site and step is Step.CATCH_UP
        case Join():
            return True
        case _:
            return pair.away is None


def waiting(pair: Pair, site: str, own: Database) -> Command | None:
    """Semi-sync: off only where the record, already written, lets the site acknowledge alone."""
    wanted = wants_to_wait(pair, site, own)
    if own.waits_for_peer == wanted:
        return None
    return AwaitPeer(pair.revision) if wanted else AcknowledgeAlone(pair.revision)


def wants_to_wait(pair: Pair, site: str, own: Database) -> bool:
    """A replica that catches up has nobody to answer; its applier must not wait either."""
    if isinstance(pair.move, Join):
        return True
    if isinstance(pair.move, Rejoin) and pair.move.site == site:
        return not own.is_pristine
    if pair.parked and pair.away == site:
        # handed over in order: nobody writes here, only the applier's own commits would wait for ever
        return any(fence.is_open for fence in own.fences.values())
    return site not in pair.alone


def closing(pair: Pair, site: str, own: Database) -> Command | None:
    """Close what the site does not serve, or is about to hand over."""
    for side in pair.sites:
        fence = own.fences.get(side)
        if fence is not None and fence.is_open and must_close(pair, site, side):
            return SetFence(side, max(fence.term, pair.term), is_open=False, revision=pair.revision)
    return None


def must_close(pair: Pair, site: str, side: str) -> bool:
    """Tell whether no write of the side may pass here."""
    return pair.serving[side] != site or is_leaving(pair, side)


def is_leaving(pair: Pair, side: str) -> bool:
    """Tell whether a planned switch is about to move the side."""
    return (
        isinstance(pair.move, Switch) and pair.move.step is Step.FENCE and side in pair.move.sides
    )


def writing(pair: Pair, site: str, own: Database) -> Command | None:
    """Servers start read-only; one that is in service accepts writes once its fence is right."""
    if own.is_read_only and not is_out(pair, site) and not is_blank(own):
        return AcceptWrites(pair.revision)
    return None


def is_blank(own: Database) -> bool:
    """Tell whether it never had a fence row: a new or restored server, which knows nothing."""
    return not own.fences


def opening(seen: Snapshot, pair: Pair, site: str, own: Database) -> Command | None:
    """Open what the site serves, under the present term."""
    if is_blank(own):
        return None
    for side in pair.sides_of(site):
        if not own.opens(side, pair.term) and may_open(seen, pair, side, own):
            return SetFence(side, pair.term, is_open=True, revision=pair.revision)
    return None


def may_open(seen: Snapshot, pair: Pair, side: str, own: Database) -> bool:
    """Tell whether nobody writes or reads the side elsewhere, and everything acknowledged is here."""
    if is_leaving(pair, side):
        return False
    if isinstance(pair.move, Takeover) and not is_drained(pair.move, own):
        return False
    return is_routed(seen)


def is_drained(move: Takeover, own: Database) -> bool:
    """Tell whether the survivor shows all that the lost master acknowledged."""
    if move.step is not Step.DRAIN:
        return False
    return behind(own.applied, move.position or own.received) == 0


def is_routed(seen: Snapshot) -> bool:
    """Tell whether each live web node has confirmed the new route: none reads from the old owner."""
    return seen.nodes_behind == 0


def comparing(seen: Snapshot, pair: Pair, site: str, own: Database) -> Command | None:
    """Compare once near; again whenever the record has changed."""
    if not is_rejoining(pair, site, Step.CATCH_UP):
        return None
    peer = database(seen, pair.peer_of(site))
    if peer is None or not is_near(own, peer):
        return None
    return Compare(pair.revision) if rejoin.compared(pair, own) is None else None
