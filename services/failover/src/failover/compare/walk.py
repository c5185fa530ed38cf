"""Walks one table on both servers side by side, in ranges that take half a second each."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from failover.compare.digests import Digest, Key, Range, bound, digests
from failover.compare.tables import Table
from failover.database.session import STATEMENT_TIMEOUT, ServerError, Session

AIM_SECONDS = 0.5
MOST_ROWS = 20_000
FIRST_ROWS = 2_000
# The peer may have so many times more rows in a range before the range is cut anew
SURPLUS = 4
# Of the time a range took: the peer serves people meanwhile
REST = 0.25

Digests = dict[int | None, Digest]


@dataclass(frozen=True, slots=True)
class Pair:
    """A range and what both servers say of it."""

    rows: Range
    limit: int
    own: Digests
    peer: Digests

    @property
    def count(self) -> int:
        """How many rows the peer has in it."""
        return _count(self.peer)


@dataclass(slots=True)
class Walk:
    """One pass over a table. Each statement looks at a bounded number of rows."""

    own: Session
    peer: Session
    table: Table
    size: int = field(default=FIRST_ROWS)

    async def ranges(self) -> AsyncIterator[Pair]:
        """Yield all ranges in order."""
        after: Key | None = None
        while True:
            began = time.monotonic()
            pair = await self._next(after)
            yield pair
            if pair.rows.upto is None:
                return
            after = pair.rows.upto
            await asyncio.sleep(REST * (time.monotonic() - began))

    async def _next(self, after: Key | None) -> Pair:
        while True:
            began = time.monotonic()
            try:
                pair = await self._digested(after)
            except ServerError as error:
                if error.code != STATEMENT_TIMEOUT or self.size == 1:
                    raise
                self.size = max(1, self.size // 4)
                continue
            taken = max(time.monotonic() - began, 0.001)
            factor = min(2.0, max(0.25, AIM_SECONDS / taken))
            self.size = min(MOST_ROWS, max(1, int(self.size * factor)))
            return pair

    async def _digested(self, after: Key | None) -> Pair:
        """Digest the next range; cut by the peer's rows, or by the own ones where those are many more."""
        limit = SURPLUS * self.size
        upto = await bound(self.peer, self.table, after, self.size)
        own, peer = await self._both(Range(after, upto), limit)
        if _count(own) >= limit or _count(peer) >= limit:
            crowded = self.own if _count(own) >= limit else self.peer
            upto = await bound(crowded, self.table, after, self.size)
            own, peer = await self._both(Range(after, upto), limit)
        return Pair(Range(after, upto), limit, own, peer)

    async def _both(self, rows: Range, limit: int) -> tuple[Digests, Digests]:
        async with asyncio.TaskGroup() as group:
            own = group.create_task(digests(self.own, self.table, rows, limit))
            peer = group.create_task(digests(self.peer, self.table, rows, limit))
        return own.result(), peer.result()


def _count(found: Digests) -> int:
    return sum(digest.rows for digest in found.values())
