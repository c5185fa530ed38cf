"""The JSON of a portal's record in etcd, as far as switching goes; all else is kept as it was read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import orjson

from etcd import KeyValue
from failover.portals import Portal, Raised
from kernel.ids import PairId, PortalId

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PortalRecord:
    """A portal as it stood at ``revision``."""

    id: PortalId
    pair: PairId
    portal: Portal
    json: Json
    revision: int

    @classmethod
    def of(cls, kv: KeyValue) -> Self:
        """Read a ``portal/<id>`` key."""
        json = orjson.loads(kv.value)
        portal = portal_from_json(json)
        return cls(PortalId(int(json["id"])), PairId(json["pair"]), portal, json, kv.mod_revision)


def portal_from_json(json: Json) -> Portal:
    """Read what concerns a switch."""
    return Portal(
        home=json["home"],
        epoch=json["epoch"],
        is_draining=json["state"] == "draining",
        is_suspended=json["state"] == "suspended",
        target=json.get("target"),
        until_at=json.get("until_at", 0.0),
    )


def portal_to_json(portal: Portal, known: Json) -> dict[str, Any]:
    """Write it over what was read; ``target`` and ``until_at`` exist only during a switch."""
    json = {key: known[key] for key in known if key not in {"target", "until_at"}}
    json |= {"home": portal.home, "epoch": portal.epoch, "state": _state(portal)}
    if portal.is_draining:
        json |= {"target": portal.target, "until_at": portal.until_at}
    return json


def raised_from_json(json: Json) -> Raised:
    """Read a server's word."""
    return Raised(json["epoch"], json["pair"], json["logged"])


def raised_to_json(raised: Raised) -> dict[str, Any]:
    """Write it."""
    return {"epoch": raised.epoch, "pair": raised.pair, "logged": dict(raised.logged)}


def _state(portal: Portal) -> str:
    if portal.is_draining:
        return "draining"
    return "suspended" if portal.is_suspended else "active"
