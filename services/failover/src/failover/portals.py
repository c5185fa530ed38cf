"""The planned switch of one portal to the other side of its pair (HA.md §7, ADR 0022).

A portal's fence row is open on both servers of a pair; the row of the side decides which of them writes.
A switch takes two epochs. Under the first no row is ever open, so nobody writes while the record names it.
To the second both rows are raised at once, before it is decided whose it is: no route carries it yet, so
raised is closed to all that was. One compare-and-set gives it a home, and there it is open already.

1. ``begin``: draining, epoch + 1. Web nodes hold the portal's requests and confirm that; both servers raise
   their rows to epoch + 2, which waits for open writers. The source says what it had logged then.
2. ``release``, by the agent of the target: it has applied that and every live node holds: new home,
   epoch + 2, active. Or ``take_back``, by the controller: over budget or the pair is not at peace: the old
   home, epoch + 2, and ``release`` there when the row is raised.

Both compare the record they were decided on, so each epoch has one home; a late command writes what is
right anyway, or is refused by a row that is higher. Each change also compares the revision of the pair.
"""

from dataclasses import dataclass, field, replace

from failover.demands import Code, Refusal
from failover.record import Mode, Pair, Position, behind
from failover.state import Fence


@dataclass(frozen=True, slots=True)
class Portal:
    """What etcd keeps of a portal, as far as switching goes. ``target``: the side it is leaving for."""

    home: str
    epoch: int
    is_draining: bool = False
    is_suspended: bool = False
    target: str | None = None
    until_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Raised:
    """A server's word that its row stands at ``epoch``: what it had logged then, or later.

    ``pair``: the revision of the pair's record under which it was raised; another word is needed when
    somebody else has served the side meanwhile.
    """

    epoch: int
    pair: int
    logged: Position


@dataclass(frozen=True, slots=True)
class PortalSnapshot:
    """One portal and its pair, as the leading controller sees them."""

    portal: Portal
    pair: Pair
    wall: float


@dataclass(frozen=True, slots=True)
class Readiness:
    """What the agent of a portal's next owner knows: of its own server, of the source's, of the nodes."""

    own: Raised | None
    source: Raised | None
    applied: Position = field(default_factory=dict)
    nodes_behind: int = 0


@dataclass(frozen=True, slots=True)
class PortalDecision:
    """The next record of the portal, or why there is none."""

    why: str
    after: Portal | None = None
    refusal: Refusal | None = None


def begin(seen: PortalSnapshot, target: str, epoch: int, budget_seconds: float) -> PortalDecision:
    """Admit an operator's demand, or refuse it."""
    refusal = find_refusal(seen, target, epoch)
    if refusal is not None:
        return PortalDecision(refusal.why, refusal=refusal)
    until_at = seen.wall + budget_seconds
    after = replace(raised(seen.portal), is_draining=True, target=target, until_at=until_at)
    return PortalDecision(f"the portal goes to {target}: its requests are held", after)


def find_refusal(  # noqa: PLR0911 - one reason a line
    seen: PortalSnapshot, target: str, epoch: int
) -> Refusal | None:
    """Return why the portal cannot be switched now."""
    portal, pair = seen.portal, seen.pair
    if epoch != portal.epoch:
        return Refusal(Code.WRONG_TERM, f"the epoch is {portal.epoch}, not {epoch}: look again")
    if portal.is_draining:
        return Refusal(Code.MOVE_RUNS, "the portal is being switched already")
    if portal.is_suspended:
        return Refusal(Code.SUSPENDED, "the portal is suspended")
    if target not in pair.sites:
        return Refusal(Code.UNKNOWN_SITE, f"the sides of this pair are {pair.sites}")
    if target == portal.home:
        return Refusal(Code.ALREADY_THERE, f"the portal belongs to {target} already")
    if not is_at_peace(pair):
        return Refusal(Code.NOT_SYNC, f"the pair is {pair.mode} or about to change")
    return None


def supervise(seen: PortalSnapshot) -> PortalDecision:
    """Take a switch back that does not end; all else is for the agents."""
    if seen.portal.target is None:
        return PortalDecision("nothing to take back")
    if seen.wall < seen.portal.until_at and is_at_peace(seen.pair):
        return PortalDecision("the agents are at it")
    return PortalDecision("over budget, or the pair changes: taken back", take_back(seen.portal))


def take_back(portal: Portal) -> Portal:
    """Give the second epoch to the old home, which opens as soon as its row is raised."""
    return replace(raised(portal), target=None)


def release(portal: Portal, pair: Pair, known: Readiness) -> PortalDecision:
    """Let the requests go at the next owner, whose row is open; decided by its agent."""
    epoch = wanted_fence(portal).term
    if known.own is None or known.own.epoch != epoch:
        return PortalDecision("waiting for the own row's open writers")
    if portal.target is None:
        return PortalDecision("the portal is served again", replace(portal, is_draining=False))
    obstacle = find_obstacle(epoch, pair, known)
    if obstacle is not None:
        return PortalDecision(obstacle)
    after = replace(raised(portal), home=portal.target, is_draining=False, target=None)
    return PortalDecision(f"{portal.target} has everything: the portal is its own", after)


def find_obstacle(epoch: int, pair: Pair, known: Readiness) -> str | None:
    """Return why the target cannot have the portal under ``epoch`` yet."""
    source = known.source
    if not is_at_peace(pair):
        return "the pair changes: the switch will be taken back"
    if source is None or (source.epoch, source.pair) != (epoch, pair.revision):
        return "waiting until the source has closed the portal"
    if behind(known.applied, source.logged) > 0:
        return "waiting until the target has applied all of the source"
    if known.nodes_behind:
        return "waiting until every live node holds the requests"
    return None


def wanted_fence(portal: Portal) -> Fence:
    """Return the row that both servers must write while the portal is draining; a row never goes back."""
    return Fence(portal.epoch if portal.target is None else portal.epoch + 1, is_open=True)


def next_owner(portal: Portal, pair: Pair) -> str:
    """Return the datacentre that is to release the portal."""
    return pair.serving[portal.target or portal.home]


def is_at_peace(pair: Pair) -> bool:
    """Tell whether both servers have everything and nothing else is being moved."""
    return pair.mode is Mode.SYNC and pair.move is None


def raised(portal: Portal) -> Portal:
    """Return the portal under its next epoch."""
    return replace(portal, epoch=portal.epoch + 1)
