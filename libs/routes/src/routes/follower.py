"""Keeps a table equal to the routing service's: a full snapshot once, then the stream of changes.

Every heartbeat carries the revision and a checksum of the service's own table, so each proves the copy
equal or shows that it is not. Only then everything is read again, and that is why the periodic full
re-read costs nothing while all is well.
"""

import asyncio
import logging
import math
import random
import time
from collections.abc import AsyncIterator, Callable

from prometheus_client import Counter

from kernel.ids import PortalId
from routes.records import Json, PairRecord, PortalRecord
from routes.source import SILENCE_SECONDS, Source, SourceError
from routes.table import RouteTable

_log = logging.getLogger(__name__)

BACKOFF_SECONDS, BACKOFF_MOST_SECONDS = 0.1, 5.0

RECONNECTS = Counter("routes_reconnects_total", "Times that the routing service in use was lost.")
REREADS = Counter("routes_rereads_total", "Full snapshots read.")

Changed = Callable[[PortalId | None], None]


class Follower:
    """Owns the table. ``changed`` is told each portal that changed; ``None`` means any of them."""

    def __init__(
        self, source: Source, table: RouteTable, changed: Changed, reread_seconds: float
    ) -> None:
        self.table = table
        self.loaded = asyncio.Event()
        self.confirmed = False  # by a routing service, since this process began
        self._source = source
        self._changed = changed
        self._reread_seconds = reread_seconds
        self._opened_at = self._proven_at = time.monotonic()
        self._reread_at = -math.inf
        self._failures = 0

    @property
    def silent_seconds(self) -> float:
        """How long ago the table was last proven to be current."""
        return time.monotonic() - self._proven_at

    async def run(self) -> None:
        """Follow one service after another, for ever."""
        while True:
            url = self._source.url
            try:
                await self._follow(url)
            except SourceError as error:
                _log.warning("routing service lost", extra={"url": url, "reason": str(error)})
            except Exception:  # noqa: BLE001  # a defect must not stop a node from serving what it knows
                _log.exception("routing service not understood", extra={"url": url})
            RECONNECTS.inc()
            self._source.avoid(url)
            if self.table.history:
                self.loaded.set()  # what the disk had is all that can be had now
            await asyncio.sleep(self._pause())

    async def _follow(self, url: str) -> None:
        if not self.table.history:
            await self._read_all(url)
        while True:
            self._opened_at = time.monotonic()
            table = self.table
            async with self._source.watch(url, table.revision, table.history) as changes:
                await self._apply_until_doubtful(changes)
            await asyncio.sleep(self._pause())  # all nodes came to doubt at the same moment
            await self._read_all(url)

    async def _apply_until_doubtful(self, changes: AsyncIterator[Json]) -> None:
        async for change in changes:
            if self._apply(change):
                return

    def _apply(self, change: Json) -> bool:
        """Take one change; tell whether only a full snapshot can help now."""
        match change["type"]:
            case "portal":
                self._take_portal(change["value"])
            case "pair":
                self._take_pair(change["value"])
            case "deleted":
                self._take_deletion(PortalId(int(change["portal"])), change["revision"])
            case "heartbeat":
                return self._is_doubtful(change)
            case "resync":
                return True
            case _:
                pass  # a newer service may know more
        return False

    def _take_portal(self, json: Json) -> None:
        record = PortalRecord.from_json(json, json["revision"])
        self.table.advance(record.revision)
        if self.table.put_portal(record):
            self._changed(record.id)

    def _take_pair(self, json: Json) -> None:
        record = PairRecord.from_json(json, json["revision"])
        self.table.advance(record.revision)
        if self.table.put_pair(record):
            self._changed(None)

    def _take_deletion(self, portal: PortalId, revision: int) -> None:
        self.table.advance(revision)
        if self.table.remove(portal, revision):
            self._changed(portal)

    def _is_doubtful(self, beat: Json) -> bool:
        """Compare the tables. A re-read that did not help is not repeated at once."""
        revision, stale_seconds, now = beat["revision"], beat["stale_seconds"], time.monotonic()
        if revision < self.table.revision or stale_seconds > SILENCE_SECONDS:
            self._bear_with(beat)
            return False
        if beat["checksum"] == self.table.checksum:
            self.table.advance(revision)  # not sooner: what is not here must not be confirmed
            self._proven_at = now - stale_seconds
            self._failures = 0
            self.confirmed = True
            self.loaded.set()
            return False
        _log.warning("routes differ from the routing service's", extra={"revision": revision})
        return self._proven_at > self._reread_at or now - self._reread_at > self._reread_seconds

    def _bear_with(self, beat: Json) -> None:
        """Leave a service that knows less than we do, or hears nothing of etcd, unless it recovers."""
        self.loaded.set()  # what we have is no worse
        if time.monotonic() - max(self._opened_at, self._proven_at) > SILENCE_SECONDS:
            raise SourceError(f"behind: {beat}")

    async def _read_all(self, url: str) -> None:
        """Merge a full snapshot, and forget what it does not show."""
        REREADS.inc()
        page = await self._source.page(url, None)
        revision, history = page["revision"], page["history"]
        table = self.table if history == self.table.history else RouteTable(history)
        if revision < table.revision:
            raise SourceError(f"{url}: snapshot of revision {revision} is older than ours")
        for json in page["pairs"]:
            table.put_pair(PairRecord.from_json(json, json["revision"]))
        seen = _merge(table, page)
        while page["next"] is not None:
            page = await self._source.page(url, page["next"])
            if page["history"] != history:
                raise SourceError(f"{url}: history changed between two pages")
            seen |= _merge(table, page)
        table.forget_unseen(seen, revision)
        table.advance(revision)
        self._reread_at = time.monotonic()
        self.confirmed = True
        self.table = table
        self.loaded.set()
        self._changed(None)

    def _pause(self) -> float:
        """Return a random part of a time that doubles with each failure (full jitter)."""
        self._failures = min(self._failures + 1, 10)
        most = min(BACKOFF_MOST_SECONDS, BACKOFF_SECONDS * 2**self._failures)
        return random.uniform(0, most)  # noqa: S311  # spreads nodes, guards nothing


def _merge(table: RouteTable, page: Json) -> set[PortalId]:
    seen = set()
    for json in page["portals"]:
        record = PortalRecord.from_json(json, json["revision"])
        table.put_portal(record)
        seen.add(record.id)
    return seen
