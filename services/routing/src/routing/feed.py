"""Keeps the directory in memory equal to etcd: read once, then one watch; passes each change on.

Reads go on from here when etcd is gone. Whenever the watch breaks, everything is read again before the
next one is opened, and what differs is passed on as ordinary changes.
"""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator
from typing import Any

import orjson
from prometheus_client import Gauge

import etcd
from kernel.errors import PorticoError
from kernel.ids import PortalId
from routes import PairRecord, PortalRecord
from routing import keys
from routing.changelog import ChangeLog, Subscriber
from routing.directory import Directory
from routing.errors import RoutesNotLoadedError
from routing.portals import Portals

_log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 2.0
BACKOFF_SECONDS = 1.0

PORTALS = Gauge("routing_portals", "Portals known to this service.")
STALE = Gauge("routing_stale_seconds", "Time since etcd was last followed.")


class HistoryWentBackError(Exception):
    """etcd shows less than it did: somebody restored it, and must delete the key ``history`` too."""


class Feed:
    """The directory as far as etcd was followed, and the stream of its changes."""

    def __init__(self, client: etcd.Client, portals: Portals) -> None:
        self._client = client
        self._portals = portals
        self._directory = Directory()
        self._changes = ChangeLog()
        self._is_following = False
        self._lost_at = time.monotonic()
        PORTALS.set_function(lambda: len(self._directory.table))
        STALE.set_function(lambda: self.stale_seconds)

    @property
    def is_loaded(self) -> bool:
        """Whether etcd was read at least once."""
        return bool(self._directory.table.history)

    @property
    def stale_seconds(self) -> float:
        """How long etcd has not been followed; zero while it is."""
        return 0.0 if self._is_following else time.monotonic() - self._lost_at

    @property
    def directory(self) -> Directory:
        """What is known; raises ``RoutesNotLoadedError`` before anything is."""
        if not self.is_loaded:
            raise RoutesNotLoadedError
        return self._directory

    @property
    def newest(self) -> int:
        """The revision of the last change of a route."""
        return self._changes.newest

    def changes(self, revision: int, history: str | None) -> AsyncIterator[bytes]:
        """Return lines of JSON: changes from ``revision`` on, and heartbeats.

        A single ``resync`` if they are not kept, or if ``revision`` belongs to another history.
        """
        known = self.directory.table.history
        subscriber = self._changes.subscribe(revision) if history in {None, known} else None
        if subscriber is not None:
            subscriber.offer(self._heartbeat())
        return self._lines(subscriber)

    def end_streams(self) -> None:
        """End the change streams for good, so that the server can stop."""
        self._changes.close()

    async def run(self) -> None:
        """Follow etcd and send heartbeats, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._beat())
            tasks.create_task(self._keep_following())

    async def _lines(self, subscriber: Subscriber | None) -> AsyncIterator[bytes]:
        if subscriber is None:
            yield _line({"type": "resync"})
            return
        try:
            async for chunk in subscriber.chunks():
                yield chunk
        finally:
            self._changes.unsubscribe(subscriber)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            self._changes.tell(self._heartbeat())

    async def _keep_following(self) -> None:
        while True:
            try:
                await self._follow()
            except (etcd.EtcdError, PorticoError) as error:
                _log.warning("etcd lost", extra={"reason": str(error)})
            except Exception:  # noqa: BLE001  # a defect must not stop the reads from memory
                _log.exception("etcd cannot be followed")
            # jitter: the services of all datacentres lost it at the same moment
            await asyncio.sleep(random.uniform(0, BACKOFF_SECONDS))  # noqa: S311

    async def _follow(self) -> None:
        revision = await self._read_all()
        async with self._client.watch(keys.FOLLOWED, revision + 1) as batches:
            self._is_following = True
            try:
                async for batch in batches:
                    for event in batch.events:
                        self._take(event)
                    self._directory.table.advance(batch.revision)
            finally:
                self._is_following = False
                self._lost_at = time.monotonic()

    def _take(self, event: etcd.Event) -> None:
        if event.value is not None:
            record = keys.record_of(event.key, event.value, event.revision)
            if record is not None:
                self._put(record)
        elif event.key.startswith(keys.PORTALS):
            self._remove(keys.portal_of(event.key), event.revision)

    async def _read_all(self) -> int:
        """Read etcd at one revision, in pages, and take what differs; return the revision."""
        history = await self._portals.history()
        is_same = history == self._directory.table.history
        directory = self._directory if is_same else Directory(history)
        news: list[PortalRecord | PairRecord] = []
        seen: set[PortalId] = set()
        revision = 0
        async for page in self._client.pages(keys.FOLLOWED):
            revision = page.revision
            for kv in page.kvs:
                record = keys.record_of(kv.key, kv.value, kv.mod_revision)
                if isinstance(record, PortalRecord):
                    seen.add(record.id)
                if record is not None and directory.is_news(record):
                    news.append(record)
        if revision < directory.table.revision:
            raise HistoryWentBackError(f"{revision} < {directory.table.revision}")
        if is_same:
            self._take_differences(news, seen, revision)
        else:
            self._start_anew(directory, news, revision)
        return revision

    def _take_differences(
        self, news: list[PortalRecord | PairRecord], seen: set[PortalId], revision: int
    ) -> None:
        for record in sorted(news, key=lambda record: record.revision):
            self._put(record)
        for known in self._directory.table.portals:
            if known.id not in seen:
                self._remove(known.id, revision)
        self._directory.table.advance(revision)

    def _start_anew(
        self, directory: Directory, records: list[PortalRecord | PairRecord], revision: int
    ) -> None:
        for record in records:
            directory.put(record)
        directory.table.advance(revision)
        self._directory = directory
        # Other keys raise the revision too, so nodes need not read all again if no record is newer than
        # what they know. A deletion they missed they find by the checksum of the first heartbeat.
        self._changes.restart(max((record.revision for record in records), default=0))

    def _put(self, record: PortalRecord | PairRecord) -> None:
        if self._directory.put(record):
            kind = "pair" if isinstance(record, PairRecord) else "portal"
            line = _line({"type": kind, "value": record.to_json()})
            self._changes.append(record.revision, line)

    def _remove(self, portal: PortalId, revision: int) -> None:
        known = self._directory.remove(portal, revision)
        if known is not None:
            line = {
                "type": "deleted",
                "portal": str(portal),
                "host": known.host,
                "revision": revision,
            }
            self._changes.append(revision, _line(line))

    def _heartbeat(self) -> bytes:
        table = self._directory.table
        return _line(
            {
                "type": "heartbeat",
                "revision": table.revision,
                "checksum": table.checksum,
                "stale_seconds": self.stale_seconds,
            }
        )


def _line(content: dict[str, Any]) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE)
