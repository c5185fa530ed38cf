"""A pair as the failover service shows it, in the words the verbs need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Self

from console.control.failover import Json
from console.errors import ConsoleError, RefusedError


@dataclass(frozen=True, slots=True)
class Pair:
    """One pair of databases.

    ``duty``: what is done about it now; ``is_joined``: a server follows its peer, or
    waits for it; ``applied``: by each database, the
    last transaction of each datacentre.
    """

    id: int
    mode: str
    term: int
    serving: Mapping[str, str]
    away: str | None
    is_parked: bool
    move: Json | None
    revision: int
    duty: str
    problems: Mapping[str, str]
    decisions: Sequence[Json]
    comparison: Json | None
    is_joined: bool
    applied: Mapping[str, Mapping[str, int]]

    @classmethod
    def from_json(cls, json: Json) -> Self:
        """Read what the status says of one pair."""
        return cls(
            id=json["id"],
            mode=json["mode"],
            term=json["term"],
            serving=json["serving"],
            away=json["away"],
            is_parked=json["parked"],
            move=json["move"],
            revision=json["revision"],
            duty=json["duty"],
            problems={problem["code"]: problem["description"] for problem in json["problems"]},
            decisions=json["decisions"],
            comparison=json["comparison"],
            is_joined=any(_is_joined(site) for site in json["sites"].values()),
            applied={name: _applied(site) for name, site in json["sites"].items()},
        )

    @property
    def name(self) -> str:
        """How people call it."""
        return f"pair {self.id}"

    @property
    def sites(self) -> tuple[str, ...]:
        """Its datacentres; each names a side, too."""
        return tuple(sorted(self.serving))

    @property
    def is_at_peace(self) -> bool:
        """Whether both databases wait for each other and nothing is under way."""
        return self.mode == "SYNC" and self.away is None and self.move is None

    def is_moved_by(self, kind: str) -> bool:
        """Whether a move of this kind is under way: takeover, switch, rejoin or join."""
        return self.move is not None and self.move["kind"] == kind

    def decisions_since(self, before: Self) -> list[Json]:
        """Return the decisions that were not there before, oldest first."""
        known = {(entry["at"], entry["why"]) for entry in before.decisions}
        news = [entry for entry in self.decisions if (entry["at"], entry["why"]) not in known]
        return sorted(news, key=itemgetter("at"))

    def sides_of(self, site: str) -> tuple[str, ...]:
        """The sides that ``site`` serves."""
        return tuple(side for side in self.sites if self.serving[side] == site)

    def peer_of(self, site: str) -> str:
        """The other datacentre; raises if the pair knows no such one."""
        if site not in self.sites:
            raise RefusedError("unknown-site", f"pair {self.id} has {' and '.join(self.sites)}")
        return next(other for other in self.sites if other != site)


def all_pairs(status: Json) -> list[Pair]:
    """Return every pair; raises without a majority of etcd, where the records are unknown."""
    if not status["etcd"]["has_majority"]:
        raise ConsoleError("etcd has no majority: nothing can be taken over, switched or changed")
    return [Pair.from_json(json) for json in status["pairs"]]


def one_pair(status: Json, number: int) -> Pair:
    """Return the pair with this number."""
    pairs = {pair.id: pair for pair in all_pairs(status)}
    if number not in pairs:
        known = ", ".join(map(str, pairs))
        raise RefusedError("unknown-pair", f"there is no pair {number}; known: {known}")
    return pairs[number]


def pairs_of(status: Json, site: str) -> list[Pair]:
    """Return the pairs with a database in the datacentre."""
    found = [pair for pair in all_pairs(status) if site in pair.sites]
    if not found:
        known = sorted({name for pair in all_pairs(status) for name in pair.sites})
        raise RefusedError(
            "unknown-site", f"there is no datacentre {site!r}; known: {', '.join(known)}"
        )
    return found


def _applied(site: Json) -> Mapping[str, int]:
    database = site["database"]
    return {} if database is None else database["applied"]


def _is_joined(site: Json) -> bool:
    database = site["database"]
    return database is not None and (database["receiver_runs"] or database["waits_for_peer"])
