"""The failures, as a table: one row each, for status pages, alerts and runbooks.

``decide`` does not walk this table: what is mended automatically is its ladder. The table names what people
must know, in order of urgency. ``hidden_by`` keeps one fault from paging twice: a row does not show while
one of those shows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from failover import rejoin, takeover
from failover.agreement import (
    clock_is_wrong,
    database,
    find_lost,
    fresh,
    is_dead,
    link_is_cut,
)
from failover.record import Join, Mode, Pair, Rejoin, Step, Switch, Takeover
from failover.state import Snapshot

LAG_SECONDS = 0.1
"""A second failure within the lag stops a takeover: keep it below."""


class Urgency(IntEnum):
    """Who should care, most urgent first."""

    PAGE = 1
    TICKET = 2
    NOTE = 3


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of failure."""

    code: str
    description: str
    urgency: Urgency
    matches: Callable[[Snapshot, Pair], bool]
    hidden_by: tuple[str, ...] = ()


def find(seen: Snapshot) -> list[Problem]:
    """Return what is wrong, most urgent first. Without etcd nothing else can be judged."""
    if seen.pair is None:
        return [ETCD_LOST]
    pair = seen.pair
    found = [problem for problem in PROBLEMS if problem.matches(seen, pair)]
    shown = {problem.code for problem in found}
    visible = [problem for problem in found if not shown.intersection(problem.hidden_by)]
    return sorted(visible, key=lambda problem: problem.urgency)


def master_is_dead(seen: Snapshot, pair: Pair) -> bool:
    """Its agent still speaks: only the database died."""
    lost = find_lost(seen, pair)
    return lost is not None and fresh(seen, lost) is not None


def datacentre_is_dead(seen: Snapshot, pair: Pair) -> bool:
    """Nothing speaks from there."""
    lost = find_lost(seen, pair)
    return lost is not None and fresh(seen, lost) is None


def witness_is_silent(seen: Snapshot, pair: Pair) -> bool:
    """Without its vote nothing is taken over."""
    return fresh(seen, seen.witness) is None


def clock_disagrees(seen: Snapshot, pair: Pair) -> bool:
    """The observer's own clock."""
    return clock_is_wrong(seen)


def agent_is_silent(seen: Snapshot, pair: Pair) -> bool:
    """A database without an agent does not follow the record."""
    return any(fresh(seen, site) is None for site in pair.sites if site != pair.away)


def takeover_is_refused(seen: Snapshot, pair: Pair) -> bool:
    """Dead, and its sides are served by nobody."""
    lost = find_lost(seen, pair)
    if lost is None or not pair.sides_of(lost) or isinstance(pair.move, Takeover):
        return False
    return pair.away is not None or takeover.obstacle(seen, pair, lost) is not None


def takeover_is_stuck(seen: Snapshot, pair: Pair) -> bool:
    """The survivor lost transactions that it must apply."""
    if not isinstance(pair.move, Takeover):
        return False
    own = database(seen, pair.move.survivor)
    if own is None:
        return True
    if pair.move.step is Step.FENCE:
        return not takeover.has_kept_its_relay_log(pair, pair.move.survivor, own)
    return takeover.lacks_its_position(pair.move, own)


def stale_owner_writes(seen: Snapshot, pair: Pair) -> bool:
    """A server that does not serve a side would still take its writes: only semi-sync holds it."""
    return any(
        own.opens(side, fence.term)
        for site in pair.sites
        if (own := database(seen, site)) is not None and not own.is_read_only
        for side, fence in own.fences.items()
        if pair.serving[side] != site
    )


def fence_is_missing(seen: Snapshot, pair: Pair) -> bool:
    """A server in service without any fence row: new, restored, or emptied. It stays closed."""
    return any(
        (own := database(seen, site)) is not None and not own.fences
        for site in pair.sites
        if site != pair.away
    )


def lags(seen: Snapshot, pair: Pair) -> bool:
    """The applier of a database in service is slow."""
    return any(
        (own := database(seen, site)) is not None and own.lag_seconds > LAG_SECONDS
        for site in pair.sites
        if site != pair.away
    )


def rejoin_is_stopped(seen: Snapshot, pair: Pair) -> bool:
    """The returning datacentre has what its peer lacks, or other contents."""
    move = pair.move
    if not isinstance(move, Rejoin):
        return False
    own, peer = database(seen, move.site), database(seen, pair.peer_of(move.site))
    if own is None or peer is None or not own.is_pristine:
        return False
    if move.step is Step.RESTART:
        return rejoin.late_transactions(own, peer) > 0
    return (compared := rejoin.compared(pair, own)) is not None and not compared.is_equal


def nobody_can_take_over(seen: Snapshot, pair: Pair) -> bool:
    """The survivor died while its peer is away."""
    return pair.away is not None and is_dead(seen, pair, pair.peer_of(pair.away))


ETCD_LOST = Problem(
    "etcd-without-majority",
    "etcd has no majority: data is served, but nothing can be taken over or switched",
    Urgency.PAGE,
    lambda seen, pair: seen.pair is None,
)
PROBLEMS: tuple[Problem, ...] = (
    Problem(
        "nothing-left",
        "a master is dead and its peer is away: the pair is down",
        Urgency.PAGE,
        nobody_can_take_over,
    ),
    Problem(
        "takeover-stuck",
        "a takeover cannot go on: the survivor lost what it must apply",
        Urgency.PAGE,
        takeover_is_stuck,
    ),
    Problem(
        "takeover-refused",
        "a master is dead and may not be taken over from: an operator must decide",
        Urgency.PAGE,
        takeover_is_refused,
        ("nothing-left",),
    ),
    Problem(
        "datacentre-dead",
        "nothing answers from a datacentre",
        Urgency.PAGE,
        datacentre_is_dead,
        ("nothing-left", "takeover-refused", "takeover-stuck"),
    ),
    Problem(
        "master-dead",
        "a database is dead; witness and peer agree",
        Urgency.PAGE,
        master_is_dead,
        ("nothing-left", "takeover-refused", "takeover-stuck"),
    ),
    Problem(
        "rejoin-stopped",
        "a returning datacentre differs from its peer: apply or dismiss its late transactions",
        Urgency.PAGE,
        rejoin_is_stopped,
    ),
    Problem(
        "link-cut",
        "the datacentres do not reach each other, both live",
        Urgency.PAGE,
        lambda seen, pair: pair.away is None and link_is_cut(seen, pair),
    ),
    Problem(
        "fence-missing",
        "a server in service has no fence rows: it stays closed until it has rejoined",
        Urgency.PAGE,
        fence_is_missing,
    ),
    Problem(
        "witness-silent",
        "the witness is silent: no takeover is possible",
        Urgency.TICKET,
        witness_is_silent,
    ),
    Problem(
        "agent-silent",
        "an agent is silent: its database does not follow the record",
        Urgency.TICKET,
        agent_is_silent,
        ("datacentre-dead", "takeover-refused", "takeover-stuck", "nothing-left"),
    ),
    Problem(
        "clock-wrong",
        "the controller's clock disagrees with all other sites: it resigns",
        Urgency.TICKET,
        clock_disagrees,
    ),
    Problem(
        "split",
        "both datacentres acknowledge alone: a death now would need an operator's word",
        Urgency.TICKET,
        lambda seen, pair: pair.mode is Mode.SPLIT,
        ("link-cut", "takeover-refused"),
    ),
    Problem(
        "lag",
        "an applier is behind: a second failure would stop a takeover",
        Urgency.TICKET,
        lags,
        ("link-cut", "split"),
    ),
    Problem(
        "stale-owner-open",
        "a server's fence is open for a side that it does not serve: semi-sync alone holds it",
        Urgency.TICKET,
        stale_owner_writes,
    ),
    Problem(
        "away",
        "a datacentre is out of service until it has rejoined",
        Urgency.TICKET,
        lambda seen, pair: pair.away is not None and not pair.parked,
        ("rejoin-stopped", "datacentre-dead", "master-dead", "nothing-left"),
    ),
    Problem(
        "unsworn",
        "a database was restarted and has not received everything again: no takeover by it",
        Urgency.NOTE,
        lambda seen, pair: any(
            (own := database(seen, site)) is not None and not pair.is_sworn(site, own.run)
            for site in pair.sites
            if pair.away is None
        ),
        ("takeover-stuck", "takeover-refused"),
    ),
    Problem(
        "takeover-unfinished",
        "a takeover is under way; whoever leads finishes it",
        Urgency.NOTE,
        lambda seen, pair: isinstance(pair.move, Takeover),
        ("takeover-stuck",),
    ),
    Problem(
        "switch-unfinished",
        "a planned switch is under way; whoever leads finishes it or takes it back",
        Urgency.NOTE,
        lambda seen, pair: isinstance(pair.move, Switch),
    ),
    Problem(
        "joining",
        "the databases catch up with each other",
        Urgency.NOTE,
        lambda seen, pair: isinstance(pair.move, Join | Rejoin),
        ("rejoin-stopped",),
    ),
    Problem(
        "anti-flap",
        "no automatic takeover within 10 minutes of the last one",
        Urgency.NOTE,
        takeover.is_flapping,
    ),
    Problem(
        "suspended",
        "an operator took a datacentre out of service",
        Urgency.NOTE,
        lambda seen, pair: pair.parked,
    ),
)
