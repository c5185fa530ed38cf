"""The directory in memory: the routes, in order for paging and counted for placement."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence

from kernel.ids import PairId, PortalId
from routes import PairRecord, PortalRecord, RouteTable


class Directory:
    """A ``RouteTable`` whose portals can be listed and counted."""

    def __init__(self, history: str = "") -> None:
        self.table = RouteTable(history)
        self._ids = _OrderedIds()
        self._counts: Counter[PairId] = Counter()

    def put(self, record: PortalRecord | PairRecord) -> bool:
        """Take a record unless a newer one is known; tell whether it was taken."""
        if isinstance(record, PairRecord):
            return self.table.put_pair(record)
        known = self.table.find_portal(record.id)
        if not self.table.put_portal(record):
            return False
        if known is None:
            self._ids.add(record.id)
        else:
            self._counts[known.pair] -= 1
        self._counts[record.pair] += 1
        return True

    def remove(self, portal: PortalId, revision: int) -> PortalRecord | None:
        """Forget a portal deleted at ``revision``; return what was known of it."""
        known = self.table.remove(portal, revision)
        if known is not None:
            self._ids.remove(portal)
            self._counts[known.pair] -= 1
        return known

    def is_news(self, record: PortalRecord | PairRecord) -> bool:
        """Tell whether ``put`` would take the record."""
        known: PortalRecord | PairRecord | None
        if isinstance(record, PairRecord):
            known = self.table.find_pair(record.id)
        else:
            known = self.table.find_portal(record.id)
        return known is None or known.revision < record.revision

    def portals_in(self, pair: PairId) -> int:
        """Return how many portals lie in a pair."""
        return self._counts[pair]

    def page(
        self, after: PortalId | None, limit: int
    ) -> tuple[list[PortalRecord], PortalId | None]:
        """Return portals in the order of their ids, and the cursor behind them if more follow."""
        ids = self._ids.after(after, limit + 1)
        records = [self.table.find_portal(portal) for portal in ids[:limit]]
        return [r for r in records if r is not None], ids[limit - 1] if len(ids) > limit else None


class _OrderedIds:
    """Ids are appended, and put in order when somebody reads: of a few new ones that is one pass."""

    def __init__(self) -> None:
        self._ids: list[PortalId] = []
        self._in_order = True

    def add(self, portal: PortalId) -> None:
        self._ids.append(portal)
        self._in_order = False

    def remove(self, portal: PortalId) -> None:
        self._sort()
        del self._ids[bisect_left(self._ids, portal)]

    def after(self, portal: PortalId | None, limit: int) -> Sequence[PortalId]:
        self._sort()
        start = 0 if portal is None else bisect_right(self._ids, portal)
        return self._ids[start : start + limit]

    def _sort(self) -> None:
        if not self._in_order:
            self._ids.sort()
            self._in_order = True
