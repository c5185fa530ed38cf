"""Changes of records in etcd: each compares what it was decided on and that its author still leads.

``leader`` is the revision of the author's leader's key. A process that does not lead has none, and must not
get here: to etcd "revision 0" would mean that nobody leads.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from etcd import Client, Compare, Delete, Op, Put, Span, absent, unchanged
from failover.control import keys
from failover.control.look import Record
from failover.control.portal_wire import PortalRecord, portal_to_json, raised_to_json
from failover.portals import Portal, Raised
from failover.record import Pair
from failover.wire import pair_to_json
from kernel.ids import PairId, PortalId

KEPT_DECISIONS = 50

Entry = Mapping[str, Any]


class NotLeadingError(Exception):
    """Leadership ended between deciding and writing."""


class Store:
    """What the leading controller writes, and the agents of portals that are being switched."""

    def __init__(self, client: Client, site: str, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._site = site
        self._wall = clock
        self._decisions: dict[PairId, tuple[int, list[Entry]]] = {}

    async def decisions(self, pair: PairId) -> list[Entry]:
        """Read the last changes of the record, oldest first."""
        kv = await self._client.find(keys.decisions_key(pair))
        if kv is None:
            return self._remember(pair, 0, [])
        return self._remember(pair, kv.mod_revision, orjson.loads(kv.value)["entries"])

    async def change(
        self, pair: PairId, known: Record, after: Pair, why: str, leader: int
    ) -> int | None:
        """Write the record and why, and return its revision; ``None`` if anything was not as it was."""
        if pair not in self._decisions:
            await self.decisions(pair)
        written_at, entries = self._decisions[pair]
        entry = {
            "at": self._wall(),
            "by": self._site,
            "term": after.term,
            "mode": after.mode.value,
            "why": why,
        }
        entries = [*entries, entry][-KEPT_DECISIONS:]
        record, log = keys.pair_key(pair), keys.decisions_key(pair)
        result = await self._client.txn(
            [unchanged(record, known.pair.revision), _leads(leader), _as_read(log, written_at)],
            [
                Put(record, orjson.dumps(pair_to_json(after, known.json))),
                Put(log, orjson.dumps({"entries": entries})),
            ],
        )
        if not result.succeeded:
            del self._decisions[pair]
            return None
        self._remember(pair, result.revision, entries)
        return result.revision

    async def change_portal(
        self, known: PortalRecord, after: Portal, pair: Pair, leader: int
    ) -> int | None:
        """Write a portal's record as a controller does."""
        return await self._write_portal(known, after, pair, _leads(leader))

    async def release_portal(self, known: PortalRecord, after: Portal, pair: Pair) -> int | None:
        """Write a portal's record as the agent of its owner does."""
        return await self._write_portal(known, after, pair)

    async def tell_raised(self, known: PortalRecord, raised: Raised) -> bool:
        """Write a server's word; ``False`` if the record or the pair's has changed meanwhile."""
        result = await self._client.txn(
            _as_known(known, raised.pair),
            [Put(keys.raised_key(known.id), orjson.dumps(raised_to_json(raised)))],
        )
        return result.succeeded

    async def _write_portal(
        self, known: PortalRecord, after: Portal, pair: Pair, *more: Compare
    ) -> int | None:
        """The index of moving portals goes with the record; what servers said of it, too."""
        key, index = keys.portal_key(known.id), keys.moving_key(known.id)
        indexed: Op = Delete(Span(index))
        if after.is_draining:
            indexed = Put(index, orjson.dumps({"pair": known.pair, "epoch": after.epoch}))
        result = await self._client.txn(
            [*_as_known(known, pair.revision), *more],
            [
                Put(key, orjson.dumps(portal_to_json(after, known.json))),
                indexed,
                Delete(Span(keys.raised_key(known.id))),
            ],
        )
        return result.revision if result.succeeded else None

    async def forget_portal(self, portal: PortalId, revision: int, leader: int) -> None:
        """Drop a portal from the index, if its record is as it was read: at revision 0 deleted."""
        await self._client.txn(
            [_as_read(keys.portal_key(portal), revision), _leads(leader)],
            [Delete(Span(keys.moving_key(portal))), Delete(Span(keys.raised_key(portal)))],
        )

    def _remember(self, pair: PairId, revision: int, entries: list[Entry]) -> list[Entry]:
        self._decisions[pair] = revision, entries
        return entries


def _leads(leader: int) -> Compare:
    if not leader:
        raise NotLeadingError
    return unchanged(keys.LEADER, leader)


def _as_known(portal: PortalRecord, pair_revision: int) -> list[Compare]:
    """Neither the portal's record nor its pair's has changed."""
    return [
        unchanged(keys.portal_key(portal.id), portal.revision),
        unchanged(keys.pair_key(portal.pair), pair_revision),
    ]


def _as_read(key: str, revision: int) -> Compare:
    return unchanged(key, revision) if revision else absent(key)
