"""What the elected controller does with what it sees: a ladder, the first rung that holds decides.

It only ever moves the record; the agents make their databases follow (``follow``). So two controllers
that both believe to lead harm nobody: one of two changes over the same revision fails.
"""

from dataclasses import replace

from failover import admission, durability, rejoin, switching, takeover
from failover.actions import Resign
from failover.agreement import clock_is_wrong, find_lost, link_is_cut
from failover.decision import Decision, change, refuse
from failover.demands import Code, Demand, Refusal
from failover.record import Join, Pair, Rejoin, Switch, Takeover
from failover.state import Snapshot


def decide(seen: Snapshot) -> Decision:
    """Return the next change of the record, or why there is none."""
    pair = seen.pair
    if pair is None or not may_decide(seen):
        return abstain(seen)
    lost = None if isinstance(pair.move, Takeover) else find_lost(seen, pair)
    if lost is not None and (lost != pair.away or isinstance(pair.move, Join)):
        return bereave(seen, pair, lost)
    if is_news(pair) and link_is_cut(seen, pair):
        return durability.split(pair)
    return go_on(seen, pair)


def answer(seen: Snapshot, demand: Demand) -> Decision:
    """Return what an operator's demand changes, or its refusal; the record remembers the rest."""
    pair = seen.pair
    if pair is None or not may_decide(seen):
        return abstain(seen)
    return admission.admit(seen, pair, demand)


def may_decide(seen: Snapshot) -> bool:
    """Tell whether this controller leads and can trust its clock."""
    return seen.leads_seconds > 0 and not clock_is_wrong(seen)


def abstain(seen: Snapshot) -> Decision:
    """Change nothing, and say why."""
    if seen.pair is None:
        return Decision("etcd has no majority: nobody changes anything")
    if seen.leads_seconds <= 0:
        return Decision("another controller leads")
    why = "all other sites disagree with my clock"
    return Decision(why, Resign(), Refusal(Code.WRONG_CLOCK, why))


def bereave(seen: Snapshot, pair: Pair, lost: str) -> Decision:
    """A database in service is dead: its peer takes over, or at least goes on alone."""
    survivor = pair.peer_of(lost)
    if pair.away == survivor:
        return refuse(Code.BEHIND, f"{lost} is dead and {survivor} is away: nothing can take over")
    if pair.away == lost:
        return change(pair, replace(pair, move=None), f"{lost} died on its way back")
    obstacle = takeover.obstacle(seen, pair, lost)
    if obstacle is None:
        return takeover.begin(seen, pair, lost)
    if survivor not in pair.alone or pair.move is not None:
        return durability.stand_alone(pair, survivor, f"no takeover of {lost}, {obstacle.why}")
    return Decision(f"no takeover of {lost}: {obstacle.why}", refusal=obstacle)


def is_news(pair: Pair) -> bool:
    """Tell whether a cut link changes anything: not in a takeover, not when both are alone already."""
    if pair.away is not None or isinstance(pair.move, Takeover):
        return False
    return len(pair.alone) < len(pair.sites) or pair.move is not None


def go_on(seen: Snapshot, pair: Pair) -> Decision:
    """Continue what is under way."""
    match pair.move:
        case Takeover() as move:
            return takeover.resume(seen, pair, move)
        case Switch() as move:
            return switching.resume(seen, pair, move)
        case Rejoin() as move:
            return rejoin.resume(seen, pair, move)
        case Join():
            return durability.resume_join(seen, pair)
        case None:
            return rest(seen, pair)


def rest(seen: Snapshot, pair: Pair) -> Decision:
    """Nothing is wrong and nothing is asked: mend what is left, one thing at a time."""
    if pair.away is not None:
        return rejoin.begin(seen, pair, pair.away)
    unsworn = durability.swear(seen, pair)
    if unsworn is not None:
        return unsworn
    if pair.alone:
        return durability.begin_join(seen, pair)
    if takeover.is_flapping(seen, pair):
        return Decision("sides stay where they are until the last takeover is 10 minutes old")
    return switching.homeward(seen, pair) or Decision("all is well")
