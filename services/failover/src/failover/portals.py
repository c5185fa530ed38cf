"""The planned switch of one portal to the other side of its pair (HA.md §7).

A portal's fence row is open on both servers of a pair; the row of the side decides which of them writes.
Each change of the record raises the epoch, the taking back too. So no row is ever opened and closed under
one epoch, and a late command is refused by the row itself, whatever it says. Each change also compares
the revision of the pair it was decided on.

1. ``begin``: draining, epoch + 1. Web nodes hold the portal's requests; the source closes its row.
2. ``hand``: the source is closed and the target has applied all: new home, epoch + 1; both servers open.
3. ``finish``: both rows are open: active. Or ``take_back``: over budget or the pair is not at peace, the old
   home, epoch + 1, both open again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

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
class Server:
    """What one server of the pair says about one portal.

    ``logged`` is read after ``fence``, and stays as it was when the row was first seen closed: later
    transactions are other portals'.
    """

    fence: Fence | None
    applied: Position
    logged: Position


@dataclass(frozen=True, slots=True)
class PortalSnapshot:
    """One portal as the leading controller sees it; a server that does not answer is missing."""

    portal: Portal
    pair: Pair
    servers: Mapping[str, Server]
    wall: float
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


def decide(seen: PortalSnapshot) -> PortalDecision:
    """Continue a switch from what is seen."""
    portal, pair = seen.portal, seen.pair
    if not portal.is_draining:
        return PortalDecision("the portal is active")
    if portal.target is None:
        return finish(seen)
    if seen.wall >= portal.until_at or not is_at_peace(pair):
        return PortalDecision("over budget, or the pair changes: taken back", take_back(portal))
    source = seen.servers.get(pair.serving[portal.home])
    target = seen.servers.get(pair.serving[portal.target])
    if source is None or not is_closed(portal, source):
        return PortalDecision("waiting until the source has closed the portal")
    if target is None or behind(target.applied, source.logged) > 0:
        return PortalDecision("waiting until the target has applied all of the source")
    after = replace(raised(portal), home=portal.target, target=None)
    return PortalDecision(f"{portal.target} has everything: the portal is its own", after)


def finish(seen: PortalSnapshot) -> PortalDecision:
    """Let the requests go when every server that serves the pair has opened the row."""
    owner = seen.servers.get(seen.pair.serving[seen.portal.home])
    if owner is None or owner.fence != Fence(seen.portal.epoch, is_open=True):
        return PortalDecision("waiting until the owner has opened the portal")
    return PortalDecision("the portal is served again", replace(seen.portal, is_draining=False))


def take_back(portal: Portal) -> Portal:
    """Open again at the old home; what was closed under the old epoch stays closed."""
    return replace(raised(portal), target=None)


def wanted_fence(portal: Portal, fence: Fence | None, *, nodes_behind: int) -> Fence | None:
    """Return the row that a server must write now, or ``None``; a row never goes back.

    Both servers write the same: closed while the portal is leaving, else open. A switched portal opens
    when every live web node knows: none reads from the old owner any more.
    """
    wanted = Fence(portal.epoch, is_open=portal.target is None)
    if fence == wanted or (fence is not None and fence.term > portal.epoch):
        return None
    return None if wanted.is_open and nodes_behind else wanted


def is_at_peace(pair: Pair) -> bool:
    """Tell whether both servers have everything and nothing else is being moved."""
    return pair.mode is Mode.SYNC and pair.move is None


def is_closed(portal: Portal, source: Server) -> bool:
    """Tell whether the source writes nothing of the portal any more, open transactions included."""
    return source.fence == Fence(portal.epoch, is_open=False)


def raised(portal: Portal) -> Portal:
    """Return the portal under its next epoch."""
    return replace(portal, epoch=portal.epoch + 1)
