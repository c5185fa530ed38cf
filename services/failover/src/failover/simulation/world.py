"""The truth: databases, network, etcd, clock, web nodes, and what must be told to the checker."""

from collections.abc import Callable, Mapping
from random import Random

from failover.record import Pair
from failover.simulation.checker import Checker
from failover.simulation.network import SITES, A, B, Network
from failover.simulation.nodes import Node
from failover.simulation.servers import FakeDatabase, Write
from failover.simulation.store import FakeStore
from failover.state import Fence


class World:
    """One pair at peace: both databases up, SYNC, each side at home."""

    def __init__(self, rng: Random, sleepiness: float) -> None:
        self.random: Callable[[], float] = rng.random
        self.sleepiness = sleepiness
        self.now = 0.0
        self.side_of: list[str] = []
        self.is_waiting: list[bool] = []
        self.databases = {
            A: FakeDatabase(A, B, self.side_of),
            B: FakeDatabase(B, A, self.side_of),
        }
        self.network = Network()
        runs = {site: self.databases[site].run for site in SITES}
        self.store = FakeStore(Pair(SITES, {A: A, B: B}, sworn=runs))
        self.nodes = {site: Node(site, self.store.pair) for site in SITES}
        self.checker = Checker(self.databases, self.network)
        self.trace: list[str] | None = None
        for database in self.databases.values():
            database.on_commit = self.committed

    # what happens in databases

    def attempt(self, database: FakeDatabase, side: str, term: int) -> Write | None:
        """A client's write reaches a database; ``None`` if the fence refuses it."""
        write = len(self.side_of)
        self.side_of.append(side)
        self.is_waiting.append(True)
        if not database.begin(write, side, term):
            return None
        self.checker.attempted[side].append(write)
        return write

    def committed(self, database: FakeDatabase, write: Write) -> None:
        """A row became visible; its client, if still there and connected here, is told."""
        side = self.side_of[write]
        self.checker.on_visible(database, side, write)
        is_own = database.committed and database.log[database.site][database.committed - 1] == write
        if self.is_waiting[write] and is_own and database.is_up:
            self.is_waiting[write] = False
            self.checker.on_acknowledged(database, side, write)

    def kill(self, database: FakeDatabase) -> None:
        """Its clients never learn what became of their writes."""
        for write in (*database.open, *database.tail()):
            self.is_waiting[write] = False
        database.kill()
        self.changed()

    def commanded(self, database: FakeDatabase, before: Mapping[str, Fence]) -> None:
        """A database obeyed a command."""
        self.network.update_receivers(self.now, self.databases)
        for side, fence in database.fences.items():
            if fence.is_open and before.get(side) != fence:
                self.checker.on_opened(database, side, fence.term)
                self.checker.on_routed(database, side, self.live_nodes())
        self.checker.on_changed()

    def compared(self, database: FakeDatabase) -> None:
        """A returning database was compared."""
        if database.comparison is not None and database.comparison.is_equal:
            self.checker.must_compare.discard(database.site)

    def changed(self) -> None:
        """Something about who reaches or obeys whom is different."""
        self.network.changed(self.now, self.databases)
        self.checker.on_changed()

    # what happens in etcd

    def recorded(self, before: Pair) -> None:
        """The record changed."""
        self.checker.on_record(before, self.store.pair, self.now)

    def live_nodes(self) -> list[Node]:
        """Return the nodes whose lease has not run out."""
        return [node for node in self.nodes.values() if self.now < node.alive_until]

    def nodes_behind(self) -> int:
        """Count the live nodes that have not confirmed the record."""
        revision, count = self.store.pair.revision, 0
        for node in self.nodes.values():
            count += node.pair.revision < revision and self.now < node.alive_until
        return count

    def tell(self, who: str, why: str, action: object) -> None:
        """Keep the story of a failing seed."""
        if self.trace is not None:
            self.trace.append(f"{self.now:7.2f} {who}: {why}  {action or ''}")
