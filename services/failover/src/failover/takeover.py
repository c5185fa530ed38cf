"""Automatic takeover of a lost master by its peer (HA.md §6), and its undoing.

1. ``begin``: the record names the survivor as owner under a new term; nobody has opened it.
2. The survivor stops its receiver. This is the fence: the lost master gets no acknowledgement any more.
3. ``drain``: the record says that the survivor is alone, and which position it must have applied.
4. The survivor stops waiting, applies, and opens its fence rows when it has reached the position.
5. ``finish``: the lost datacentre is away until it has rejoined.

Whoever leads next continues from what is seen: each step is one change of the record.
"""

from dataclasses import replace

from failover.agreement import database, is_alive, is_dead, obeying
from failover.decision import Decision, change, refuse
from failover.demands import Code, Refusal
from failover.record import Pair, Step, Takeover, behind
from failover.state import Database, Snapshot

ANTI_FLAP_SECONDS = 600.0


def obstacle(seen: Snapshot, pair: Pair, lost: str) -> Refusal | None:
    """Return what forbids an automatic takeover: it could lose data, or it would flap."""
    survivor = pair.peer_of(lost)
    own = database(seen, survivor)
    if has_acknowledged_alone(pair, lost):
        return Refusal(Code.ACKNOWLEDGED_ALONE, f"{lost} acknowledged writes that {survivor} lacks")
    if own is None:
        return Refusal(Code.UNKNOWN_STATE, f"the database of {survivor} does not answer")
    if not has_kept_its_relay_log(pair, survivor, own):
        return Refusal(Code.RELAY_LOG_LOST, f"{survivor} restarted and may lack what it received")
    if pair.sides_of(lost) and is_flapping(seen, pair):
        return Refusal(Code.ANTI_FLAP, "the last automatic switch was less than 10 minutes ago")
    return None


def has_acknowledged_alone(pair: Pair, lost: str) -> bool:
    """Tell whether the lost master was allowed to answer OK without its peer."""
    return lost in pair.alone


def has_kept_its_relay_log(pair: Pair, survivor: str, own: Database) -> bool:
    """Tell whether all that was ever acknowledged with the survivor's help is still there."""
    return pair.is_sworn(survivor, own.run)


def is_flapping(seen: Snapshot, pair: Pair) -> bool:
    """Tell whether an automatic switch happened lately. One far in the future came of a wrong clock."""
    return pair.switched_at is not None and abs(seen.wall - pair.switched_at) < ANTI_FLAP_SECONDS


def begin(seen: Snapshot, pair: Pair, lost: str) -> Decision:
    """Step 1: new term, new owner, nobody open."""
    survivor, sides = pair.peer_of(lost), pair.sides_of(lost)
    after = pair.handed(
        sides,
        survivor,
        is_planned=False,
        move=Takeover(lost, survivor, sides, Step.FENCE),
        switched_at=seen.wall if sides else pair.switched_at,
    )
    return change(
        pair, after, f"{lost} is dead, witness and {survivor} agree: {survivor} takes over"
    )


def force(pair: Pair, lost: str) -> Decision:
    """Begin with step 3 and no position: the operator has accepted the loss."""
    survivor, sides = pair.peer_of(lost), pair.sides_of(lost)
    move = Takeover(lost, survivor, sides, Step.DRAIN, forced=True)
    alone = frozenset((survivor,))
    after = pair.handed(sides, survivor, is_planned=False, move=move, alone=alone)
    return change(pair, after, f"an operator gives the sides of {lost} to {survivor}, with loss")


def resume(seen: Snapshot, pair: Pair, move: Takeover) -> Decision:
    """Continue from whichever step the record shows."""
    if is_hopeless(seen, pair, move):
        return abort(pair, move)
    own = obeying(seen, pair, move.survivor)
    if own is None:
        return Decision(f"takeover: waiting until {move.survivor} has obeyed")
    if move.step is Step.FENCE:
        return drain(pair, move, own)
    if lacks_its_position(move, own):
        return refuse(Code.RELAY_LOG_LOST, f"takeover: {move.survivor} lost what it must apply")
    return finish(pair, move, own)


def drain(pair: Pair, move: Takeover, own: Database) -> Decision:
    """Step 3, once the receiver stands: the position is written down, a crash cannot shorten it."""
    if not has_kept_its_relay_log(pair, move.survivor, own):
        return refuse(Code.RELAY_LOG_LOST, f"takeover: {move.survivor} restarted meanwhile")
    if not is_fenced(own):
        return Decision(f"takeover: waiting until {move.survivor} has stopped its receiver")
    after = replace(
        pair,
        alone=pair.alone | {move.survivor},
        move=replace(move, step=Step.DRAIN, position=own.received),
    )
    return change(pair, after, f"{move.lost} is fenced: {move.survivor} applies what it received")


def is_fenced(own: Database) -> bool:
    """Tell whether the lost master can get no acknowledgement any more."""
    return not own.receiver_runs


def lacks_its_position(move: Takeover, own: Database) -> bool:
    """Tell whether the survivor lost received transactions: then it has not opened, and never will."""
    return move.position is not None and behind(own.received, move.position) > 0


def finish(pair: Pair, move: Takeover, own: Database) -> Decision:
    """Step 5."""
    if not all(own.opens(side, pair.term) for side in pair.sides_of(move.survivor)):
        return Decision(f"takeover: waiting until {move.survivor} has applied and opened")
    after = replace(pair, away=move.lost, forced=move.forced, move=None)
    return change(pair, after, f"{move.survivor} serves; {move.lost} is away until it has rejoined")


def is_hopeless(seen: Snapshot, pair: Pair, move: Takeover) -> bool:
    """Tell whether the survivor cannot finish, has certainly not opened, and the lost one lives."""
    if move.forced or not is_alive(seen, move.lost):
        return False
    own = obeying(seen, pair, move.survivor)
    if move.step is Step.FENCE:
        restarted = own is not None and not has_kept_its_relay_log(pair, move.survivor, own)
        return restarted or is_dead(seen, pair, move.survivor)
    return own is not None and lacks_its_position(move, own)


def abort(pair: Pair, move: Takeover) -> Decision:
    """Give the sides back, under one more term: what the survivor prepared is void."""
    after = pair.handed(move.sides, move.lost, is_planned=False, move=None)
    return change(pair, after, f"{move.survivor} cannot finish and {move.lost} lives: given back")
