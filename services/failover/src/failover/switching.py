"""The planned switch of sides (HA.md §7): hold, fence the source, let the target apply, open it.

Web nodes hold the requests of a side as soon as the record shows the switch. Until the record names the
target, taking the switch back is one change of the record: the source opens again under the same term.
"""

from dataclasses import replace

from failover.agreement import database, obeying
from failover.decision import Decision, change
from failover.record import Pair, Step, Switch, behind
from failover.state import Database, Snapshot

HOMEWARD_SECONDS = 10.0


def begin(
    seen: Snapshot, pair: Pair, sides: tuple[str, ...], target: str, budget_seconds: float
) -> Decision:
    """Announce the switch; its source closes the sides."""
    until_at = seen.wall + budget_seconds
    move = Switch(sides, pair.peer_of(target), target, Step.FENCE, until_at)
    return change(pair, replace(pair, move=move), f"{', '.join(sides)} goes to {target}")


def resume(seen: Snapshot, pair: Pair, move: Switch) -> Decision:
    """Continue from whichever step the record shows."""
    if move.step is Step.OPEN:
        return finish(seen, pair, move)
    if seen.wall >= move.until_at:
        return change(pair, replace(pair, move=None), "the switch is over its budget: taken back")
    source, target = obeying(seen, pair, move.source), database(seen, move.target)
    if source is None or not is_closed(source, move):
        return Decision(f"switch: waiting until {move.source} has closed")
    if target is None or not has_applied(target, source, move):
        return Decision(f"switch: waiting until {move.target} has applied all of {move.source}")
    opening = replace(move, step=Step.OPEN)
    after = pair.handed(move.sides, move.target, is_planned=True, move=opening)
    return change(pair, after, f"{move.source} is closed, {move.target} has everything: it opens")


def is_closed(source: Database, move: Switch) -> bool:
    """Tell whether the source writes nothing of the sides any more, open transactions included."""
    return all((fence := source.fences.get(side)) and not fence.is_open for side in move.sides)


def has_applied(target: Database, source: Database, move: Switch) -> bool:
    """Tell whether the target shows everything that the source had logged once the sides were closed.

    Not what it has logged by now: it may go on serving other sides, and the target is always a little late.
    """
    return all(
        behind(target.applied, source.closed_at.get(side, source.logged)) == 0
        for side in move.sides
    )


def finish(seen: Snapshot, pair: Pair, move: Switch) -> Decision:
    """The switch is done when the target is open."""
    target = obeying(seen, pair, move.target)
    if target is None or not all(target.opens(side, pair.term) for side in move.sides):
        return Decision(f"switch: waiting until {move.target} has opened")
    return change(pair, replace(pair, move=None), f"{move.target} serves {', '.join(move.sides)}")


def homeward(seen: Snapshot, pair: Pair) -> Decision | None:
    """Bring one displaced side home; ``None`` if there is none. What an operator moved stays."""
    for side in pair.sites:
        if side in pair.displaced:
            return begin(seen, pair, (side,), side, HOMEWARD_SECONDS)
    return None
