"""The JSON of a pair's record in etcd: what the routing service reads, and what only the failover needs.

``id`` and every field this file does not know are kept as they were read.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from failover.record import Join, Mode, Move, Pair, Rejoin, Step, Switch, Takeover

Json = Mapping[str, Any]

MOVES: dict[str, type[Move]] = {
    "takeover": Takeover,
    "switch": Switch,
    "rejoin": Rejoin,
    "join": Join,
}
KINDS = {move: kind for kind, move in MOVES.items()}


def pair_from_json(json: Json, revision: int) -> Pair:
    """Read the record. One that names no move, as at the first start, has none."""
    first, second = sorted(json["serving"])
    return Pair(
        sites=(first, second),
        serving=dict(json["serving"]),
        term=json["term"],
        alone=_alone(Mode(json["mode"]), json.get("solo"), (first, second)),
        sworn=json.get("sworn"),
        away=json.get("away"),
        parked=json.get("parked", False),
        forced=json.get("forced", False),
        move=_move(json.get("move")),
        displaced=frozenset(json.get("displaced", ())),
        switched_at=json.get("switched_at"),
        revision=revision,
    )


def pair_to_json(pair: Pair, known: Json) -> dict[str, Any]:
    """Write the record over what was read."""
    return {
        **known,
        "mode": pair.mode.value,
        "solo": next(iter(pair.alone)) if pair.mode is Mode.SOLO else None,
        "term": pair.term,
        "serving": dict(pair.serving),
        "sworn": pair.sworn,
        "away": pair.away,
        "parked": pair.parked,
        "forced": pair.forced,
        "move": None
        if pair.move is None
        else {"kind": KINDS[type(pair.move)], **asdict(pair.move)},
        "displaced": sorted(pair.displaced),
        "switched_at": pair.switched_at,
    }


def _alone(mode: Mode, solo: str | None, sites: tuple[str, str]) -> frozenset[str]:
    match mode:
        case Mode.SYNC:
            return frozenset()
        case Mode.SPLIT:
            return frozenset(sites)
        case Mode.SOLO if solo in sites:
            return frozenset((solo,))
        case _:
            raise ValueError(f"the record says SOLO, but not which of {sites}: {solo!r}")


def _move(json: Json | None) -> Move | None:
    if json is None:
        return None
    fields = {name: value for name, value in json.items() if name != "kind"}
    if "step" in fields:
        fields["step"] = Step(fields["step"])
    if "sides" in fields:
        fields["sides"] = tuple(fields["sides"])
    return MOVES[json["kind"]](**fields)
