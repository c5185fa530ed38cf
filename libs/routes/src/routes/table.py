"""All routes in memory, and the rules that keep them from going back in time.

1. A record is replaced only by one of a higher etcd revision.
2. ``revision`` says up to where everything is known; a snapshot older than that is refused whole, so a
   deleted portal cannot come back.
3. Revisions are compared within one ``history`` only: etcd made anew counts from one again.
"""

import hashlib
from collections.abc import Collection

from kernel.ids import PairId, PortalId
from routes.records import PairRecord, PortalRecord, Route


class RouteTable:
    """Portals by id and by host, pairs by id. One owner changes it; look-ups need no lock."""

    def __init__(self, history: str = "") -> None:
        self.history = history
        self.revision = 0
        self._portals: dict[PortalId, PortalRecord] = {}
        self._hosts: dict[str, PortalRecord] = {}
        self._pairs: dict[PairId, PairRecord] = {}
        self._checksum = 0

    def __len__(self) -> int:
        return len(self._portals)

    @property
    def checksum(self) -> str:
        """Sixteen hexadecimal digits over all records; equal tables at equal revisions agree."""
        return f"{self._checksum:016x}"

    @property
    def pairs(self) -> tuple[PairRecord, ...]:
        """Every pair."""
        return tuple(self._pairs.values())

    @property
    def portals(self) -> tuple[PortalRecord, ...]:
        """Every portal as it stands now; the records never change, so the answer stays valid."""
        return tuple(self._portals.values())

    def find(self, host: str) -> Route | None:
        """Return the route of a host name (first label, A-label, lower case), or ``None``."""
        portal = self._hosts.get(host)
        return None if portal is None else self._route(portal)

    def find_by_id(self, portal: PortalId) -> Route | None:
        """Return the route of a portal, or ``None``."""
        record = self._portals.get(portal)
        return None if record is None else self._route(record)

    def find_portal(self, portal: PortalId) -> PortalRecord | None:
        """Return the portal's record, or ``None``."""
        return self._portals.get(portal)

    def find_pair(self, pair: PairId) -> PairRecord | None:
        """Return the pair's record, or ``None``."""
        return self._pairs.get(pair)

    def put_portal(self, record: PortalRecord) -> bool:
        """Take the record unless a newer one is known; tell whether it was taken."""
        known = self._portals.get(record.id)
        if known is not None:
            if known.revision >= record.revision:
                return False
            self._drop(known)
        self._portals[record.id] = record
        self._hosts[record.host] = record
        self._checksum ^= _digest("portal", record.id, record.revision)
        return True

    def put_pair(self, record: PairRecord) -> bool:
        """Take the record unless a newer one is known; tell whether it was taken."""
        known = self._pairs.get(record.id)
        if known is not None:
            if known.revision >= record.revision:
                return False
            self._checksum ^= _digest("pair", known.id, known.revision)
        self._pairs[record.id] = record
        self._checksum ^= _digest("pair", record.id, record.revision)
        return True

    def remove(self, portal: PortalId, revision: int) -> PortalRecord | None:
        """Forget a portal deleted at ``revision``; return what was known, unless that is newer."""
        known = self._portals.get(portal)
        if known is None or known.revision >= revision:
            return None
        del self._portals[portal]
        self._drop(known)
        return known

    def forget_unseen(self, seen: Collection[PortalId], revision: int) -> None:
        """Forget the portals that a full snapshot of ``revision`` should have shown, and did not."""
        for record in self.portals:
            if record.revision <= revision and record.id not in seen:
                del self._portals[record.id]
                self._drop(record)

    def advance(self, revision: int) -> None:
        """Note that everything up to ``revision`` is known."""
        self.revision = max(self.revision, revision)

    def _route(self, portal: PortalRecord) -> Route | None:
        pair = self._pairs.get(portal.pair)
        return None if pair is None else Route.of(portal, pair)

    def _drop(self, known: PortalRecord) -> None:
        self._checksum ^= _digest("portal", known.id, known.revision)
        # the host may have passed to another portal meanwhile
        if self._hosts.get(known.host) is known:
            del self._hosts[known.host]


def _digest(kind: str, number: int, revision: int) -> int:
    """Return 64 bits that look random: combined by XOR they must not cancel by arithmetic."""
    text = f"{kind}/{number}@{revision}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest())
