"""How a database is to be started, by what the record says: a plain start may show what nobody acknowledged.

A server that died holds commits which its peer may not have received. Started plainly it keeps them, which
is right as long as it remains in service; started as a replica it forgets them, which is right after a
takeover. So who may have been taken over from waits until that is decided.

Who acknowledged alone and was taken over from by force forgets nothing, either: that a transaction is
committed a server writes to its disk some time after it has answered, so the last would be forgotten, too.
"""

from dataclasses import dataclass

from failover.follow import is_out, is_rejoining
from failover.record import Pair, Step, Takeover

DECISION_SECONDS = 5.0
"""Twice as long as a takeover takes to be decided."""


@dataclass(frozen=True, slots=True)
class Start:
    """Start it now; ``as_replica``: for the record of which revision, or plainly.

    ``forgets``: what its peer has not acknowledged. A replica that was taken over from by force keeps it.
    """

    why: str
    as_replica: int | None = None
    forgets: bool = True


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again in a moment."""

    why: str


def how_to_start(
    pair: Pair | None, site: str, *, was_shut_down: bool, waited_seconds: float
) -> Start | Wait:
    """Return what to do; ``pair`` is ``None`` if there is no record, as at the first start of all."""
    if pair is None:
        return Start("the pair has no record yet")
    if is_rejoining(pair, site, Step.RESTART):
        why = "it comes back, as a replica"
        return Start(why, as_replica=pair.revision, forgets=not pair.forced)
    if is_out(pair, site):
        return Wait(f"{site} is out of service until it may rejoin")
    if was_shut_down:
        return Start("it was shut down in order")
    if may_be_taken_over_from(pair, site) and waited_seconds < DECISION_SECONDS:
        return Wait("it died: its peer may be about to take over")
    return Start("it died, and nobody took over")


def may_be_taken_over_from(pair: Pair, site: str) -> bool:
    """Tell whether the controller may yet decide a takeover from ``site``."""
    return site not in pair.alone and pair.away is None and not isinstance(pair.move, Takeover)
