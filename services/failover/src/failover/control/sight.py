"""The eyes of a process: reads etcd, and remembers since when each report is what it is."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from etcd import Client, Event, Get, Op, Put, Span
from failover.control import keys
from failover.control.look import Look, heard, look_of, portals_of
from failover.control.portal_wire import PortalRecord
from failover.state import Report, Snapshot
from kernel.ids import PairId, PortalId

FOREVER = 1e9
MOST_PORTALS = 100
"""As many portals are followed at once; etcd takes 128 operations in one transaction."""
MOST_LOOKS = 100
"""Of so many looks it is remembered when they began: enough to tell how late an event comes."""
_EVERYTHING: tuple[Op, ...] = (
    Get(keys.PAIRS),
    Get(keys.REPORTS),
    Get(Span(keys.LEADER)),
    Get(keys.MOVING, MOST_PORTALS),
    Get(keys.NODES),
    Get(keys.RAISED, MOST_PORTALS),
)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is known of a key: its revision, when that was seen, and how much sooner it may be written."""

    revision: int
    at: float
    late: float = 0.0


class Sight:
    """Shared by the loops of one process, so that each profits from what the others saw."""

    def __init__(
        self, client: Client, site: str, witness: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.site = site
        self.witness = witness
        self.clock = clock
        self.last: Look | None = None
        """What is known: as it was read last, and heard of since."""
        self._client = client
        self._seen: dict[str, _Seen] = {}
        self._looks: deque[tuple[int, float]] = deque(maxlen=MOST_LOOKS)

    async def look(self, report: Put | None = None) -> Look:
        """Publish a report, if there is one, and read everything, in one transaction.

        Raises ``EtcdError`` without a majority: then nothing may be done.
        """
        at, expected = self.clock(), self.moving[:MOST_PORTALS]
        publishing = () if report is None else (report,)
        result = await self._client.txn((), (*publishing, *_EVERYTHING, *_gets(expected)))
        if report is not None:
            self._seen[report.key] = _Seen(result.revision, at)
        for kv in result.reads[1].kvs:
            self.note(kv.key, kv.mod_revision)
        self._looks.append((result.revision, at))
        look = look_of(at, result.reads)
        unexpected = [portal for portal in look.moving if portal not in expected]
        if unexpected:
            look = replace(look, portals={**look.portals, **await self.portals(unexpected)})
        if self.last is None or self.last.revision <= look.revision:
            self.last = look
        else:
            self.last = replace(self.last, at=at)  # events were quicker than the answer
        return look

    async def portals(self, portals: Sequence[PortalId]) -> dict[PortalId, PortalRecord]:
        """Read the records of some portals; deleted ones are missing."""
        return portals_of((await self._client.txn((), _gets(portals))).reads)

    @property
    def moving(self) -> tuple[PortalId, ...]:
        """The portals that are being switched, as far as is known."""
        return () if self.last is None else self.last.moving

    def hear(self, event: Event) -> None:
        """Take note of one change: when a report came, and at once whatever moves portals."""
        if event.key.startswith(keys.REPORTS.start):
            self.note(event.key, event.revision)
        elif self.last is not None:
            self.last = heard(self.last, event)

    def note(self, key: str, revision: int) -> None:
        """Remember when a key was first seen at a revision.

        The first one ever seen may be of any age: only a change proves that its writer lives.
        """
        known, now = self._seen.get(key), self.clock()
        if known is None:
            self._seen[key] = _Seen(revision, -FOREVER)
        elif revision > known.revision:
            self._seen[key] = _Seen(revision, now, now - self._written_after(revision))

    def age(self, key: str) -> float:
        """Return since when the key has not changed, by this process' monotonic clock."""
        return self.clock() - self._seen[key].at if key in self._seen else FOREVER

    def late(self, key: str) -> float:
        """Return how long before it was seen the key may have been written."""
        return self._seen[key].late if key in self._seen else FOREVER

    def _written_after(self, revision: int) -> float:
        """Return when the last look began that did not find the revision yet."""
        looks = (at for looked_at, at in reversed(self._looks) if looked_at < revision)
        return next(looks, -FOREVER)

    def snapshot(self, look: Look, pair: PairId, leads_seconds: float = 0.0) -> Snapshot:
        """Return the pair as it was seen."""
        record = look.records[pair].pair
        sites = (*record.sites, self.witness)
        accounts = {site: look.account(pair, site) for site in sites}
        reports = {site: account.report for site, account in accounts.items() if account}
        return Snapshot(
            observer=self.site,
            witness=self.witness,
            wall=time.time(),
            leads_seconds=leads_seconds,
            pair=record,
            reports=reports,
            ages={site: self.age(keys.report_key(pair, site)) for site in reports},
            late={site: self.late(keys.report_key(pair, site)) for site in reports},
            nodes_behind=look.nodes_behind(record.revision),
        )


def _gets(portals: Sequence[PortalId]) -> tuple[Op, ...]:
    return tuple(Get(Span(keys.portal_key(portal))) for portal in portals)


def with_own(seen: Snapshot, report: Report) -> Snapshot:
    """Return the snapshot with what the observer knows of itself, published or not."""
    return replace(
        seen,
        reports={**seen.reports, report.site: report},
        ages={**seen.ages, report.site: 0.0},
        late={**seen.late, report.site: 0.0},
    )
