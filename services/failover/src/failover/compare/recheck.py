"""Rows whose digests differed are looked at again until it is certain which ones differ."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from failover.compare.digests import Key, row_digests_of
from failover.compare.positions import catch_up
from failover.compare.tables import Table
from failover.database.session import Session

ROWS_AT_ONCE = 200
TIMES_SEEN = 3
ROUNDS = 50
PAUSE_SECONDS = 0.05


async def really_differing(
    own: Session, peer: Session, table: Table, keys: Sequence[Key]
) -> list[Key]:
    """Return those of the rows that differ although each server has what the other one had.

    A row that is written all the time may show three values in a row. It counts as equal as soon as one
    of the two values of the peer is the own one, and as different after ``ROUNDS`` tries without that.
    """
    differing: list[Key] = []
    seen: Counter[Key] = Counter()
    open_keys = list(keys)
    for _ in range(ROUNDS):
        left: list[Key] = []
        stands = await _look(own, peer, table, open_keys)
        for key in open_keys:
            if stands.get(key) is None:
                continue
            seen[key] = seen[key] + 1 if stands[key] else 0
            (differing if seen[key] == TIMES_SEEN else left).append(key)
        open_keys = left
        if not open_keys:
            return differing
        # a commit that waits for its acknowledgement may be seen at the other server first
        await asyncio.sleep(PAUSE_SECONDS)
    return differing + open_keys


async def _look(own: Session, peer: Session, table: Table, keys: Sequence[Key]) -> dict[Key, bool]:
    """Return the rows that were not equal, and whether the peer's value stood still meanwhile."""
    before = await row_digests_of(peer, table, keys)
    await catch_up(own, peer)
    here = await row_digests_of(own, table, keys)
    await catch_up(peer, own)
    after = await row_digests_of(peer, table, keys)
    return {
        key: before.get(key) == after.get(key)
        for key in keys
        if here.get(key) not in (before.get(key), after.get(key))
    }
