"""Who reaches whom: cuts per direction, and since when a database is out of sight."""

from failover.simulation.servers import FakeDatabase

A, B, WITNESS = "dc-a", "dc-b", "witness"
SITES = (A, B)
EVERYWHERE = (A, B, WITNESS)
DIRECTIONS = tuple((x, y) for x in EVERYWHERE for y in EVERYWHERE if x != y)
NEVER = -1e9


class Network:
    """A connection needs both directions. ``changed`` must be called after each fault and command."""

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

    def joins(self, one: str, other: str) -> bool:
        """Tell whether two sites can talk."""
        return not self.cut or one == other or not ({(one, other), (other, one)} & self.cut)

    def changed(self, now: float, databases: dict[str, FakeDatabase]) -> None:
        """Work out anew who sees whom, keeping the instants of what did not change."""
        self.majority = {site for site in EVERYWHERE if self._reaches_majority(site)}
        for (site, target), since in self.unseen_since.items():
            sees = databases[target].answers and self.joins(site, target)
            if sees and since is not None:
                self.unseen_since[site, target], self.seen_since[site, target] = None, now
            elif not sees and since is None:
                self.unseen_since[site, target] = now
        for site, since in self.silent_since.items():
            hears = self.replicates(databases[B if site == A else A], databases[site])
            if hears:
                self.silent_since[site] = None
            elif since is None:
                self.silent_since[site] = now

    def replicates(self, source: FakeDatabase, target: FakeDatabase) -> bool:
        """Tell whether the target's receiver is connected to the source."""
        live = source.answers and target.answers and target.receiver_runs
        return live and self.joins(source.site, target.site)

    def unseen_seconds(self, site: str, target: str, now: float) -> float:
        """Return how long the database of ``target`` has not answered ``site``."""
        since = self.unseen_since[site, target]
        return 0.0 if since is None else now - since + 1e-9

    def _reaches_majority(self, site: str) -> bool:
        return any(
            self.joins(site, one) and any(self.joins(one, other) for other in self.members - {one})
            for one in self.members
        )
