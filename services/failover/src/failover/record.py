"""The record of a pair in etcd: who serves which side, who may acknowledge alone, what is under way."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

Position = Mapping[str, int]
"""Per datacentre (its GTID domain), the sequence number of the last transaction."""


def behind(have: Position, need: Position) -> int:
    """Count the transactions of ``need`` that ``have`` lacks."""
    return sum(max(0, number - have.get(site, 0)) for site, number in need.items())


class Mode(StrEnum):
    """How safe the pair's commits are, in one word for people; see ``Pair.alone``."""

    SYNC = "SYNC"
    SOLO = "SOLO"
    SPLIT = "SPLIT"


class Step(StrEnum):
    """How far a move is. Each step is entered by one compare-and-set of the record."""

    FENCE = "fence"
    """Takeover: cut the lost master off. Switch: close the sides at their source."""
    DRAIN = "drain"
    """Takeover: apply what the lost master had acknowledged, then open."""
    OPEN = "open"
    """Switch: the record names the target, which opens."""
    RESTART = "restart"
    """Rejoin: start the database so that it forgets what nobody acknowledged."""
    CATCH_UP = "catch-up"
    """Rejoin: replicate, then compare the contents."""


@dataclass(frozen=True, slots=True)
class Takeover:
    """``survivor`` takes ``sides`` from ``lost``, having applied up to ``position`` (none: forced)."""

    lost: str
    survivor: str
    sides: tuple[str, ...]
    step: Step
    position: Position | None = None
    forced: bool = False


@dataclass(frozen=True, slots=True)
class Switch:
    """``target`` takes ``sides`` from ``source``, both alive; given up at ``until_at`` (wall clock)."""

    sides: tuple[str, ...]
    source: str
    target: str
    step: Step
    until_at: float


@dataclass(frozen=True, slots=True)
class Rejoin:
    """The datacentre that is away catches up and is compared."""

    site: str
    step: Step


@dataclass(frozen=True, slots=True)
class Join:
    """Both databases wait for each other again; when both have everything, the mode becomes SYNC."""


Move = Takeover | Switch | Rejoin | Join


@dataclass(frozen=True, slots=True)
class Pair:
    """What etcd keeps of one pair. ``revision`` is its ``mod_revision``, the fencing token of all acts.

    ``alone``: who may acknowledge a write that the peer does not have. Nobody: SYNC; one: SOLO; both: SPLIT.
    ``sworn``: the run of each database that has received everything its peer ever acknowledged with it.
    ``away``: the datacentre out of service until it has rejoined; ``parked``: an operator wants it so.
    ``forced``: an operator took over from it with loss: what it acknowledged alone is in its log only.
    ``displaced``: sides that a takeover, not an operator, moved from home. ``switched_at``: wall clock of
    the last automatic takeover.
    """

    sites: tuple[str, str]
    serving: Mapping[str, str]
    term: int = 1
    alone: frozenset[str] = frozenset()
    sworn: Mapping[str, str | None] | None = None
    away: str | None = None
    parked: bool = False
    forced: bool = False
    move: Move | None = None
    displaced: frozenset[str] = frozenset()
    switched_at: float | None = None
    revision: int = 0

    @property
    def mode(self) -> Mode:
        """The word for ``alone``."""
        return (Mode.SYNC, Mode.SOLO, Mode.SPLIT)[len(self.alone)]

    def peer_of(self, site: str) -> str:
        """The other datacentre."""
        return self.sites[1] if site == self.sites[0] else self.sites[0]

    def sides_of(self, site: str) -> tuple[str, ...]:
        """The sides that ``site`` serves."""
        return tuple(side for side in self.sites if self.serving[side] == site)

    def is_sworn(self, site: str, run: str) -> bool:
        """Tell whether this run of the database received all that its peer acknowledged."""
        return self.sworn is not None and self.sworn.get(site) == run

    def handed(
        self, sides: tuple[str, ...], target: str, *, is_planned: bool, **changes: Any
    ) -> "Pair":
        """Return the record with the sides at ``target``, under the next term."""
        serving = {**self.serving, **dict.fromkeys(sides, target)}
        moved = self.displaced - set(sides) if is_planned else self.displaced | set(sides)
        displaced = frozenset(side for side in moved if serving[side] != side)
        return replace(self, serving=serving, term=self.term + 1, displaced=displaced, **changes)
