"""Which demands of an operator are let in, and the sentence with which the others are refused."""

from dataclasses import replace

from failover import switching, takeover
from failover.agreement import database, is_dead, is_near
from failover.decision import Decision, change
from failover.demands import Code, Demand, Force, Refusal, Resume, Suspend, SwitchSides
from failover.record import Mode, Move, Pair, Position, Takeover
from failover.state import Snapshot


def admit(seen: Snapshot, pair: Pair, demand: Demand) -> Decision:
    """Begin what is demanded, or refuse it and change nothing. A dry run stops after the answer."""
    refusal = find_refusal(seen, pair, demand)
    if refusal is not None:
        return Decision(refusal.why, refusal=refusal)
    match demand:
        case SwitchSides(sides=sides, target=target, budget_seconds=budget_seconds):
            leaving = tuple(side for side in sides if pair.serving[side] != target)
            # an operator has looked: a death after this is no flapping
            calm = replace(pair, switched_at=None)
            return switching.begin(seen, calm, leaving, target, budget_seconds)
        case Suspend(site=site):
            peer = frozenset((pair.peer_of(site),))
            after = replace(pair, alone=peer, away=site, parked=True)
            positions = told_positions(seen, pair)
            return change(pair, after, f"{site} is suspended by an operator; {positions}")
        case Resume(site=site):
            return change(pair, replace(pair, parked=False), f"{site} may come back")
        case Force(lost=lost):
            return takeover.force(pair, lost)


def told_positions(seen: Snapshot, pair: Pair) -> str:
    """Say what each database has applied, for whoever works there or must restore it."""
    known = ((site, database(seen, site)) for site in pair.sites)
    return "; ".join(f"{site} has {told(own.applied, pair) if own else '?'}" for site, own in known)


def told(position: Position, pair: Pair) -> str:
    """Say a position in words: ``dc-a:120 dc-b:44``."""
    return " ".join(f"{site}:{position.get(site, 0)}" for site in pair.sites)


def find_refusal(seen: Snapshot, pair: Pair, demand: Demand) -> Refusal | None:
    """Return why the demand cannot be met now."""
    if demand.term != pair.term:
        return Refusal(Code.WRONG_TERM, f"the term is {pair.term}, not {demand.term}: look again")
    if pair.move is not None:
        return refuse_second(pair.move)
    match demand:
        case SwitchSides():
            return refuse_switch(seen, pair, demand)
        case Suspend(site=site):
            return refuse_suspension(pair, site)
        case Resume(site=site):
            return refuse_resumption(pair, site)
        case Force():
            return refuse_force(seen, pair, demand)


def refuse_second(move: Move) -> Refusal:
    """One change of a pair at a time."""
    if isinstance(move, Takeover):
        return Refusal(Code.TAKEOVER_RUNS, f"{move.survivor} is taking over")
    return Refusal(Code.MOVE_RUNS, "another change is under way")


def refuse_switch(  # noqa: PLR0911 - one reason a line
    seen: Snapshot, pair: Pair, demand: SwitchSides
) -> Refusal | None:
    """A switch needs a pair in SYNC and a target that has everything."""
    target = demand.target
    if target not in pair.sites or not set(demand.sides) <= set(pair.sites) or not demand.sides:
        return Refusal(Code.UNKNOWN_SITE, f"the sides and sites of this pair are {pair.sites}")
    if all(pair.serving[side] == target for side in demand.sides):
        return Refusal(Code.ALREADY_THERE, f"{target} serves {', '.join(demand.sides)} already")
    if pair.away == target:
        return Refusal(Code.SUSPENDED, f"{target} is out of service: resume it first")
    if pair.mode is not Mode.SYNC:
        return Refusal(Code.NOT_SYNC, f"the pair is {pair.mode}: {target} may lack writes")
    source_facts, target_facts = database(seen, pair.peer_of(target)), database(seen, target)
    if source_facts is None or target_facts is None:
        return Refusal(Code.UNKNOWN_STATE, "a database does not answer: its state is unknown")
    if not target_facts.fences:
        return Refusal(Code.FENCE_MISSING, f"{target} has no fence rows: it must rejoin first")
    if not is_near(target_facts, source_facts):
        return Refusal(Code.BEHIND, f"{target} is behind by {target_facts.lag_seconds:.1f} s")
    return None


def refuse_suspension(pair: Pair, site: str) -> Refusal | None:
    """A datacentre leaves service only when it serves nothing and its peer has everything."""
    if site not in pair.sites:
        return Refusal(Code.UNKNOWN_SITE, f"the sites of this pair are {pair.sites}")
    if pair.sides_of(site):
        return Refusal(Code.STILL_SERVES, f"{site} serves {pair.sides_of(site)}: switch them first")
    if pair.away == site:
        return Refusal(Code.SUSPENDED, f"{site} is out of service already")
    if pair.mode is not Mode.SYNC:
        return Refusal(Code.NOT_SYNC, f"the pair is {pair.mode}: wait until it is SYNC")
    return None


def refuse_resumption(pair: Pair, site: str) -> Refusal | None:
    """Only what an operator suspended is resumed; all else comes back by itself."""
    if pair.away != site or not pair.parked:
        return Refusal(Code.NOT_SUSPENDED, f"{site} is not suspended")
    return None


def stated_loss(pair: Pair, lost: str) -> str:
    """Return the sentence an operator must repeat to force a takeover."""
    survivor = pair.peer_of(lost)
    return f"lose every write that {lost} acknowledged and {survivor} has not received"


def refuse_force(seen: Snapshot, pair: Pair, demand: Force) -> Refusal | None:
    """Force is for a lost master that may not be taken over from automatically."""
    if demand.lost not in pair.sites:
        return Refusal(Code.UNKNOWN_SITE, f"the sites of this pair are {pair.sites}")
    survivor = pair.peer_of(demand.lost)
    if pair.away == survivor:
        return Refusal(Code.SUSPENDED, f"{survivor} is out of service")
    if database(seen, survivor) is None:
        return Refusal(Code.UNKNOWN_STATE, f"the database of {survivor} does not answer")
    if not is_dead(seen, pair, demand.lost):
        return Refusal(Code.NOT_LOST, f"witness and {survivor} do not agree that it is dead")
    if demand.loss != stated_loss(pair, demand.lost):
        return Refusal(Code.LOSS_NOT_STATED, f"repeat: {stated_loss(pair, demand.lost)!r}")
    return None
