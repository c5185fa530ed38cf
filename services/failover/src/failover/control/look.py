"""What etcd shows at one revision: by one reading, and by the events since."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import orjson

from etcd import Event, KeyValue, Page
from failover.control import keys
from failover.control.portal_wire import PortalRecord, raised_from_json
from failover.control.reports import Account, account_from_json
from failover.portals import Raised
from failover.record import Pair
from failover.wire import pair_from_json
from kernel.ids import PairId, PortalId

Json = Mapping[str, Any]
K = TypeVar("K")
T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Record:
    """A pair's record, and the JSON it was read from."""

    pair: Pair
    json: Json


@dataclass(frozen=True, slots=True)
class Leader:
    """Who holds the leader's key. It is written once, so its revision is that of its creation."""

    site: str
    url: str
    revision: int


@dataclass(frozen=True, slots=True)
class Look:
    """``at``: by the monotonic clock, before the request was sent. ``nodes``: what each confirmed.

    ``moving``: the portals being switched, ``portals`` their records; that of a deleted one is missing.
    ``raised``: what the servers that they leave have said.
    """

    at: float
    revision: int
    records: Mapping[PairId, Record]
    accounts: Mapping[str, Account]
    leader: Leader | None
    moving: tuple[PortalId, ...]
    portals: Mapping[PortalId, PortalRecord]
    raised: Mapping[PortalId, Raised]
    nodes: Mapping[str, int]

    def account(self, pair: PairId, site: str) -> Account | None:
        """Return what the site's agent says."""
        return self.accounts.get(keys.report_key(pair, site))

    def nodes_behind(self, revision: int) -> int:
        """Count the live web nodes that have not confirmed this revision."""
        return sum(confirmed < revision for confirmed in self.nodes.values())


def look_of(at: float, pages: Sequence[Page]) -> Look:
    """Put the answers of one transaction together. What cannot be read is logged, and not there."""
    pairs, reports, leader, moving, nodes, raised, *portals = pages
    records = ((PairId(_number(kv)), _read(kv, _record)) for kv in pairs.kvs)
    accounts = ((kv.key, _read(kv, _account)) for kv in reports.kvs)
    words = ((PortalId(_number(kv)), _read(kv, _raised)) for kv in raised.kvs)
    return Look(
        at=at,
        revision=pairs.revision,
        records={pair: record for pair, record in records if record},
        accounts={key: account for key, account in accounts if account},
        leader=_leader(leader.kvs[0]) if leader.kvs else None,
        moving=tuple(PortalId(_number(kv)) for kv in moving.kvs),
        portals=portals_of(portals),
        raised={portal: word for portal, word in words if word},
        nodes={kv.key: _confirmed(kv) for kv in nodes.kvs},
    )


def heard(look: Look, event: Event) -> Look:
    """Return the look after one change of what switches of portals wait for; ``at`` stays."""
    if event.revision < look.revision:
        return look  # it was read already
    kv = None
    if event.value is not None:
        kv = KeyValue(event.key, event.value, event.revision, version=0)
    return replace(look, revision=event.revision, **_changed(look, event.key, kv))


def _changed(look: Look, key: str, kv: KeyValue | None) -> dict[str, Any]:
    kind, _, name = key.partition("/")
    match kind:
        case "node":
            return {"nodes": _with(look.nodes, key, kv, _confirmed)}
        case "pair":
            return {"records": _with(look.records, PairId(int(name)), kv, _record)}
        case "moving":
            others = tuple(portal for portal in look.moving if portal != int(name))
            return {"moving": others if kv is None else (*others, PortalId(int(name)))}
        case "portal":
            return {"portals": _with(look.portals, PortalId(int(name)), kv, _draining)}
        case "raised":
            return {"raised": _with(look.raised, PortalId(int(name)), kv, _raised)}
        case _:
            return {}


def _with(
    known: Mapping[K, T], key: K, kv: KeyValue | None, by: Callable[[KeyValue], T | None]
) -> Mapping[K, T]:
    value = None if kv is None else _read(kv, by)
    others = {other: known[other] for other in known if other != key}
    return others if value is None else {**others, key: value}


def portals_of(pages: Iterable[Page]) -> dict[PortalId, PortalRecord]:
    """Read records of portals, each on a page of its own."""
    read = (_read(kv, PortalRecord.of) for page in pages for kv in page.kvs)
    return {record.id: record for record in read if record}


def _number(kv: KeyValue) -> int:
    return int(kv.key.rpartition("/")[2])


def _read(kv: KeyValue, by: Callable[[KeyValue], T | None]) -> T | None:
    try:
        return by(kv)
    except (KeyError, TypeError, ValueError):
        _log.exception("not understood", extra={"key": kv.key})
    return None


def _record(kv: KeyValue) -> Record | None:
    json = orjson.loads(kv.value)
    if len(json["serving"]) < 2:
        return None  # a pair of one site has nothing to fail over to
    return Record(pair_from_json(json, kv.mod_revision), json)


def _draining(kv: KeyValue) -> PortalRecord | None:
    record = PortalRecord.of(kv)
    return record if record.portal.is_draining else None


def _raised(kv: KeyValue) -> Raised:
    return raised_from_json(orjson.loads(kv.value))


def _account(kv: KeyValue) -> Account:
    return account_from_json(orjson.loads(kv.value))


def _leader(kv: KeyValue) -> Leader:
    json = orjson.loads(kv.value)
    return Leader(json["site"], json["url"], kv.mod_revision)


def _confirmed(kv: KeyValue) -> int:
    return int(orjson.loads(kv.value)["revision"])
