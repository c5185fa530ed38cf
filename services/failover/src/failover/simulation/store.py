"""A false etcd: the record, the leader's key, the reports; every write is a compare-and-set."""

from dataclasses import replace

from failover.record import Pair
from failover.state import Report

LEASE_SECONDS = 3.0


class FakeStore:
    """Linearizable, as seen by whoever reaches a majority."""

    def __init__(self, pair: Pair) -> None:
        self.revision = 1
        self.pair = replace(pair, revision=1)
        self.reports: dict[str, tuple[Report, float]] = {}
        """Each with the end of its lease."""
        self.leader: str | None = None
        self.leads_until = 0.0

    def publish(self, report: Report, now: float) -> None:
        """Put a report under a lease."""
        self.reports[report.site] = report, now + LEASE_SECONDS

    def campaign(self, name: str, now: float) -> bool:
        """Become leader if nobody is, renew if one is; return whether one leads."""
        if self.leader != name and now < self.leads_until:
            return False
        self.leader, self.leads_until = name, now + LEASE_SECONDS
        return True

    def leads(self, name: str, now: float) -> bool:
        """Compare the leader's key, as part of the transaction."""
        return self.leader == name and now < self.leads_until

    def change(self, after: Pair, revision: int) -> bool:
        """Write the record if it still has ``revision``."""
        if self.pair.revision != revision:
            return False
        self.revision += 1
        self.pair = replace(after, revision=self.revision)
        return True
