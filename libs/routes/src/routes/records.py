"""What is known of portals and pairs, and the route that follows from both.

The JSON here is the wire form of the routing service and, without ``revision``, what etcd keeps.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from kernel.ids import PairId, PortalId

Json = Mapping[str, Any]

ACTIVE, DRAINING, SUSPENDED = "active", "draining", "suspended"
"""What a web node does with a portal's requests: serve, hold for a moment, refuse."""


@dataclass(frozen=True, slots=True)
class PortalRecord:
    """A portal's place: ``home`` is its side of the pair; ``revision`` orders its versions."""

    id: PortalId
    host: str
    pair: PairId
    home: str
    epoch: int
    state: str
    revision: int

    @classmethod
    def from_json(cls, json: Json, revision: int) -> Self:
        """Read the JSON; words that repeat in each record are kept once."""
        return cls(
            id=PortalId(int(json["id"])),
            host=json["host"],
            pair=PairId(json["pair"]),
            home=sys.intern(json["home"]),
            epoch=json["epoch"],
            state=sys.intern(json["state"]),
            revision=revision,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the wire form; 63-bit ids are strings, since JavaScript cannot count that far."""
        return {
            "id": str(self.id),
            "host": self.host,
            "pair": self.pair,
            "home": self.home,
            "epoch": self.epoch,
            "state": self.state,
            "revision": self.revision,
        }


@dataclass(frozen=True, slots=True)
class PairRecord:
    """A pair of databases: ``serving`` tells for each home side which datacentre serves it now.

    ``moving``: the sides that a takeover or a planned switch moves now. ``away``: the datacentre that is
    out of service until it has rejoined.
    """

    id: PairId
    mode: str
    solo: str | None
    term: int
    serving: Mapping[str, str]
    revision: int
    moving: tuple[str, ...] = ()
    away: str | None = None

    @classmethod
    def from_json(cls, json: Json, revision: int) -> Self:
        """Read the JSON."""
        return cls(
            id=PairId(json["id"]),
            mode=json["mode"],
            solo=json.get("solo"),
            term=json["term"],
            serving=dict(json["serving"]),
            revision=revision,
            # moves of other kinds, as a rejoin, name no sides: nobody waits for them
            moving=tuple((json.get("move") or {}).get("sides", ())),
            away=json.get("away"),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {
            "id": self.id,
            "mode": self.mode,
            "solo": self.solo,
            "term": self.term,
            "serving": dict(self.serving),
            "revision": self.revision,
            "move": {"sides": list(self.moving)} if self.moving else None,
            "away": self.away,
        }


@dataclass(frozen=True, slots=True)
class Route:
    """Where a portal is served now. ``(term, epoch)`` is what its database's fence must agree with."""

    portal: PortalId
    host: str
    pair: PairId
    home: str
    owner: str
    term: int
    epoch: int
    state: str

    @classmethod
    def of(cls, portal: PortalRecord, pair: PairRecord) -> Self:
        """Derive the route; it is never stored, so a switch of a pair moves all its portals at once."""
        is_moving = portal.state == ACTIVE and portal.home in pair.moving
        return cls(
            portal=portal.id,
            host=portal.host,
            pair=portal.pair,
            home=portal.home,
            owner=pair.serving[portal.home],
            term=pair.term,
            epoch=portal.epoch,
            state=DRAINING if is_moving else portal.state,
        )

    @classmethod
    def from_json(cls, json: Json) -> Self:
        """Read the answer of the routing service."""
        return cls(
            portal=PortalId(int(json["portal"])),
            host=json["host"],
            pair=PairId(json["pair"]),
            home=json["home"],
            owner=json["owner"],
            term=json["term"],
            epoch=json["epoch"],
            state=json["state"],
        )

    def to_json(self) -> dict[str, Any]:
        """Return the wire form, which is also what the portal service's internal API takes."""
        return {
            "portal": str(self.portal),
            "host": self.host,
            "pair": self.pair,
            "home": self.home,
            "owner": self.owner,
            "term": self.term,
            "epoch": self.epoch,
            "state": self.state,
        }

    def is_newer_than(self, term: int, epoch: int) -> bool:
        """Tell whether ownership changed since ``(term, epoch)``.

        The epoch decides first: a portal that moved to another pair may find a lower term there.
        """
        return (self.epoch, self.term) > (epoch, term)
