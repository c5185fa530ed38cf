"""The rules of ownership: what a claim is, where a portal may be placed, how its place may change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from kernel.ids import PairId, PortalId
from routes import PairRecord, PortalRecord
from routing.errors import EpochNotRaisedError, NoCapacityError, PlaceInvalidError

Json = Mapping[str, Any]


class ClaimState(StrEnum):
    """A claim holds a host name for a portal that is being made; published, the portal exists."""

    CLAIMED = "claimed"
    PUBLISHED = "published"


class PortalState(StrEnum):
    """What web nodes do with a portal's requests: serve, hold for a moment, refuse."""

    ACTIVE = "active"
    DRAINING = "draining"
    SUSPENDED = "suspended"


class PairMode(StrEnum):
    """How safe a pair's commits are; see the design of failover."""

    SYNC = "SYNC"
    SOLO = "SOLO"
    SPLIT = "SPLIT"


@dataclass(frozen=True, slots=True)
class Claim:
    """A host name held for a portal. ``saga`` is the claimant's own; ``revision`` guards its changes."""

    portal: PortalId
    host: str
    home: str
    pair: PairId
    state: ClaimState
    saga: Json
    updated_at: datetime
    revision: int


@dataclass(frozen=True, slots=True)
class PortalChange:
    """What to change of a portal; ``None`` leaves it."""

    state: PortalState | None = None
    home: str | None = None
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class PairChange:
    """What to change of a pair; ``None`` leaves it."""

    mode: PairMode | None = None
    solo: str | None = None
    term: int | None = None
    serving: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class PairLoad:
    """A pair as placement sees it."""

    id: PairId
    sites: tuple[str, ...]
    capacity: int
    portals: int


def place(home: str, pairs: Iterable[PairLoad]) -> PairId:
    """Choose the emptiest pair that has the datacentre; ties go to the lowest id, so repeatably."""
    there = [pair for pair in pairs if home in pair.sites]
    if not there:
        raise PlaceInvalidError(home=home, pair=None)
    free = [pair for pair in there if pair.portals < pair.capacity]
    if not free:
        raise NoCapacityError(home=home)
    return min(free, key=lambda pair: (pair.portals / pair.capacity, pair.id)).id


def check_place(home: str, pair: PairRecord | None) -> None:
    """Refuse a home that is not a side of the pair."""
    if pair is None or home not in pair.serving:
        raise PlaceInvalidError(home=home, pair=None if pair is None else pair.id)


def changed_portal(known: PortalRecord, pair: PairRecord, change: PortalChange) -> Json:
    """Return the new values. Ownership moves only with a higher epoch, which never goes back."""
    state = known.state if change.state is None else change.state.value
    home = known.home if change.home is None else change.home
    epoch = known.epoch if change.epoch is None else change.epoch
    check_place(home, pair)
    if epoch < known.epoch or (home != known.home and epoch == known.epoch):
        raise EpochNotRaisedError(known=known.epoch, asked=epoch)
    return {"state": state, "home": home, "epoch": epoch}


def changed_pair(known: PairRecord, change: PairChange) -> Json:
    """Return the new values. ``serving`` changes only with a higher term, which never goes back."""
    mode = known.mode if change.mode is None else change.mode.value
    # nobody is alone any more once the mode is not SOLO
    solo = (change.solo or known.solo) if mode == PairMode.SOLO else None
    term = known.term if change.term is None else change.term
    serving = dict(known.serving if change.serving is None else change.serving)
    sites = set(known.serving)
    if set(serving) != sites or not sites.issuperset(serving.values()):
        raise PlaceInvalidError(home=",".join(serving.values()), pair=known.id)
    if mode == PairMode.SOLO and solo not in sites:
        raise PlaceInvalidError(home=solo, pair=known.id)
    if term < known.term or (serving != known.serving and term == known.term):
        raise EpochNotRaisedError(known=known.term, asked=term)
    return {"mode": mode, "solo": solo, "term": term, "serving": serving}
