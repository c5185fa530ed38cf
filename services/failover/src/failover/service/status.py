"""What one site sees of all pairs, as JSON: the same facts that decisions are made on."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from operator import itemgetter
from typing import Any

import etcd
from failover import problems
from failover.control import keys
from failover.control.look import Look
from failover.control.store import Entry
from failover.decide import decide
from failover.record import Pair, behind
from failover.service.plane import Plane
from failover.state import Database, Report, Snapshot
from failover.wire import pair_to_json
from kernel.ids import PairId

PATIENCE_SECONDS = 0.7
"""Without a majority the last facts are better than none, and better soon."""
VERSION = version("failover")

Json = dict[str, Any]
_log = logging.getLogger(__name__)


class Status:
    """Looks once for all who ask at the same time."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane
        self._turn = asyncio.Lock()
        self._decisions: dict[PairId, tuple[int, Sequence[Entry]]] = {}

    async def read(self) -> Json:
        """Return everything, fresh if etcd has a majority."""
        has_majority = await self._look(self._plane.sight.clock())
        look = self._plane.sight.last
        leader = None if look is None or not has_majority else look.leader
        return {
            "site": self._plane.site,
            "leader": None if leader is None else {"site": leader.site, "url": leader.url},
            "wall": time.time(),
            "pairs": [] if look is None else await self._pairs(look, has_majority=has_majority),
            "witness": {"age_seconds": self._witness_age()},
            "etcd": {"has_majority": has_majority},
            "version": VERSION,
        }

    async def _look(self, asked_at: float) -> bool:
        sight = self._plane.sight
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._turn:
                if sight.last is None or sight.last.at < asked_at:
                    await sight.look()
        except (etcd.EtcdError, TimeoutError):
            return False
        return True

    async def _pairs(self, look: Look, *, has_majority: bool) -> list[Json]:
        return [
            await self._pair(look, pair, has_majority=has_majority)
            for pair in self._plane.pairs
            if pair in look.records
        ]

    async def _pair(self, look: Look, pair: PairId, *, has_majority: bool) -> Json:
        seen = self._plane.sight.snapshot(look, pair, self._plane.election.leads_seconds)
        record = look.records[pair].pair
        judged = seen if has_majority else replace(seen, pair=None)
        return {
            "id": pair,
            **_ownership(record),
            "sites": {site: self._site(seen, record, look, pair, site) for site in record.sites},
            "nodes": {"live": len(look.nodes), "behind": seen.nodes_behind},
            "problems": [
                {"code": p.code, "description": p.description, "urgency": p.urgency.name.lower()}
                for p in problems.find(judged)
            ],
            "decisions": await self._read_decisions(pair, record.revision),
            "duty": self._duty(seen, pair),
            "comparison": latest_comparison(look, pair, record),
        }

    def _site(self, seen: Snapshot, record: Pair, look: Look, pair: PairId, site: str) -> Json:
        report = seen.reports.get(site)
        peer = seen.reports.get(record.peer_of(site))
        own = None if report is None else report.database
        return {
            "age_seconds": seen.ages.get(site),
            "portals": _portals(look, pair, record, site),
            "database": None if own is None else _database(own, peer),
        }

    def _duty(self, seen: Snapshot, pair: PairId) -> str:
        """Return what is done or waited for: by the controller if it leads here, else by the agent.

        Decided on the facts that are shown beside it: the controller's own turn may be 0.2 s behind them.
        """
        if seen.leads_seconds > 0:
            return decide(seen).why
        agent = self._plane.agent(pair)
        return "" if agent is None else agent.duty.why

    def _witness_age(self) -> float | None:
        sight = self._plane.sight
        ages = [sight.age(keys.report_key(pair, sight.witness)) for pair in self._plane.pairs]
        return _known(min(ages, default=None))

    async def _read_decisions(self, pair: PairId, revision: int) -> Sequence[Entry]:
        """Return the decisions; they are written together with the record, so they change with it."""
        known = self._decisions.get(pair)
        if known is not None and known[0] == revision:
            return known[1]
        try:
            entries = await self._plane.store.decisions(pair)
        except etcd.EtcdError:
            return [] if known is None else known[1]
        self._decisions[pair] = revision, entries
        return entries


def _ownership(pair: Pair) -> Json:
    record = pair_to_json(pair, {})
    return {
        "mode": record["mode"],
        "term": record["term"],
        "serving": record["serving"],
        "alone": sorted(pair.alone),
        "away": record["away"],
        "parked": record["parked"],
        "move": record["move"],
        "displaced": record["displaced"],
        "revision": pair.revision,
    }


def _database(own: Database, peer: Report | None) -> Json:
    return {
        "is_read_only": own.is_read_only,
        "waits_for_peer": own.waits_for_peer,
        "is_replied_to": own.is_replied_to,
        "receiver_runs": own.receiver_runs,
        "receiver_silent_seconds": own.receiver_silent_seconds,
        "lag_seconds": own.lag_seconds,
        "applied": dict(own.applied),
        "behind_transactions": _behind(own, peer),
        "waiting_commits": own.waiting_commits,
        "obeyed": own.obeyed,
        "fences": {
            side: {"term": fence.term, "is_open": fence.is_open}
            for side, fence in own.fences.items()
        },
    }


def _portals(look: Look, pair: PairId, record: Pair, site: str) -> int | None:
    """Count the portals that the site serves, as far as either site counted them lately."""
    accounts = (look.account(pair, name) for name in record.sites)
    homes = next((a.homes for a in accounts if a is not None and a.homes is not None), None)
    return None if homes is None else sum(homes.get(side, 0) for side in record.sides_of(site))


def latest_comparison(look: Look, pair: PairId, record: Pair) -> Json | None:
    """Return the latest comparison of either site."""
    found = [
        {"site": site, **account.comparison}
        for site in record.sites
        if (account := look.account(pair, site)) is not None and account.comparison is not None
    ]
    return max(found, key=itemgetter("began_at"), default=None)


def _behind(own: Database, peer: Report | None) -> int | None:
    """Count what the peer has logged and the own one has not applied."""
    return (
        None if peer is None or peer.database is None else behind(own.applied, peer.database.logged)
    )


def _known(age: float | None) -> float | None:
    return None if age is None or age > 1e6 else age
