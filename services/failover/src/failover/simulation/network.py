"""Who reaches whom: cuts per direction, and since when a database is out of sight."""

from failover.simulation.servers import FakeDatabase

A, B, WITNESS = "dc-a", "dc-b", "witness"
SITES = (A, B)
EVERYWHERE = (A, B, WITNESS)
DIRECTIONS = tuple((x, y) for x in EVERYWHERE for y in EVERYWHERE if x != y)
NEVER = -1e9
TICK = 1e-9
"""What just went out of sight is not in sight."""
ALL_SEEN = dict.fromkeys(SITES, 0.0)


class Network:
    """A connection needs both directions. ``changed`` must be called after each fault."""

    def __init__(self) -> None:
        self.cut: set[tuple[str, str]] = set()
        self.members = set(EVERYWHERE)
        """The members of etcd that run."""
        self.majority = set(EVERYWHERE)
        """The sites from which a majority of etcd can be reached."""
        self.unseen_since: dict[tuple[str, str], float | None] = {
            (site, target): None for site in EVERYWHERE for target in SITES
        }
        self.seen_since: dict[tuple[str, str], float] = dict.fromkeys(self.unseen_since, NEVER)
        self.silent_since: dict[str, float | None] = {A: None, B: None}
        self.heard_since: dict[str, float] = {A: NEVER, B: NEVER}

    def joins(self, one: str, other: str) -> bool:
        """Tell whether two sites can talk."""
        return not self.cut or one == other or not ({(one, other), (other, one)} & self.cut)

    def changed(self, now: float, databases: dict[str, FakeDatabase]) -> None:
        """Work out anew who sees whom, keeping the instants of what did not change."""
        is_whole = not self.cut and len(self.members) == len(EVERYWHERE)
        self.majority = {s for s in EVERYWHERE if is_whole or self._reaches_majority(s)}
        for (site, target), since in self.unseen_since.items():
            sees = databases[target].answers and self.joins(site, target)
            if sees and since is not None:
                self.unseen_since[site, target], self.seen_since[site, target] = None, now
            elif not sees and since is None:
                self.unseen_since[site, target] = now
        self.update_receivers(now, databases)

    def update_receivers(self, now: float, databases: dict[str, FakeDatabase]) -> None:
        """Work out anew who receives from whom."""
        for site, since in self.silent_since.items():
            source = databases[B if site == A else A]
            if self.replicates(source, databases[site]):
                if since is not None:
                    self.silent_since[site], self.heard_since[site] = None, now
                    source.is_replied_to = source.waits
            elif since is None:
                self.silent_since[site], source.is_replied_to = now, False

    def replicates(self, source: FakeDatabase, target: FakeDatabase) -> bool:
        """Tell whether the target's receiver is connected to the source."""
        live = source.answers and target.answers and target.receiver_runs
        return live and self.joins(source.site, target.site)

    def unseen_seconds(self, site: str, now: float) -> dict[str, float]:
        """Return how long each database has not answered ``site``."""
        a, b = self.unseen_since[site, A], self.unseen_since[site, B]
        if a is None and b is None:
            return ALL_SEEN
        return {A: 0.0 if a is None else now - a + TICK, B: 0.0 if b is None else now - b + TICK}

    def _reaches_majority(self, site: str) -> bool:
        return any(
            self.joins(site, one) and any(self.joins(one, other) for other in self.members - {one})
            for one in self.members
        )
