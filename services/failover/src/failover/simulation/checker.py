"""The promises of HA.md §1 that the simulation can break: one writer, nothing lost, nothing resurrected."""

from failover.record import Pair, Takeover
from failover.simulation.network import SITES, A, B, Network
from failover.simulation.nodes import Node
from failover.simulation.servers import FakeDatabase, Write

HEALTHY_SECONDS = 7.0
"""Whoever is seen for so long is not dead: longer than a report and a postponed change live together."""


class PromiseBrokenError(AssertionError):
    """What a customer would have noticed."""


class Checker:
    """Sees the truth.

    A write is unknown until acknowledged. The unknown may be there or not, but not change its mind: once
    its side was opened elsewhere without it, it must never appear.
    """

    def __init__(self, databases: dict[str, FakeDatabase], network: Network) -> None:
        self.databases = databases
        self.network = network
        self.attempted: dict[str, list[Write]] = {A: [], B: []}
        self.acknowledged: dict[str, set[Write]] = {A: set(), B: set()}
        self.dead: set[Write] = set()
        self.opened = {A: (1, A), B: (1, B)}
        self.must_compare: set[str] = set()
        self.forced: set[str] = set()
        """Lost masters whose late writes an operator gave up, until they have restarted."""

    def on_acknowledged(self, database: FakeDatabase, side: str, write: Write) -> None:
        """Promise 1: whoever answers OK is the owner, or the owner has the write."""
        owner = self.opened[side][1]
        if owner == database.site or write in self.databases[owner].rows:
            self.acknowledged[side].add(write)
        elif database.site not in self.forced:
            raise PromiseBrokenError(f"two writers: {database.site} acknowledged {write} of {side}")

    def on_visible(self, database: FakeDatabase, side: str, write: Write) -> None:
        """Promise 2: what an owner opened without stays away."""
        if write in self.dead and self.opened[side][1] == database.site:
            raise PromiseBrokenError(f"resurrected: {write} of {side} at {database.site}")

    def on_opened(self, database: FakeDatabase, side: str, term: int) -> None:
        """Promises 2 and 6: whoever opens has all that was acknowledged, and was compared."""
        site, was = database.site, self.opened[side]
        if site in self.must_compare:
            raise PromiseBrokenError(f"{site} opens {side} and was not compared since it was away")
        if was == (term, site):
            return
        if term <= was[0]:
            raise PromiseBrokenError(f"{site} opens {side} under the old term {term}")
        self.opened[side] = (term, site)
        lost = self.acknowledged[side] - database.rows
        if lost and database.peer not in self.forced:
            raise PromiseBrokenError(f"lost: {sorted(lost)} of {side} when {site} opened")
        self.acknowledged[side] -= lost
        if was[1] != site:
            self.dead.update(w for w in self.attempted[side] if w not in database.rows)
        if self.dead & database.rows:
            raise PromiseBrokenError(f"resurrected: {sorted(self.dead & database.rows)} at {site}")

    def on_routed(self, database: FakeDatabase, side: str, live: list[Node]) -> None:
        """Promise 7: when a side opens, no live node reads it elsewhere."""
        if any(node.pair.serving[side] != database.site for node in live):
            raise PromiseBrokenError(
                f"stale reads: {database.site} opens {side}, a node reads elsewhere"
            )

    def on_record(self, before: Pair, after: Pair, now: float) -> None:
        """Promise 5: a takeover only of what witness and peer really do not reach."""
        if after.term < before.term or after.revision <= before.revision:
            raise PromiseBrokenError("the record went back")
        if after.away is not None and after.away != before.away:
            self.must_compare.add(after.away)
        move = after.move
        if not isinstance(move, Takeover) or isinstance(before.move, Takeover):
            return
        if move.forced:
            self.forced.add(move.lost)
        seen_since = self.network.seen_since["witness", move.lost]
        is_seen = self.network.unseen_since["witness", move.lost] is None
        if is_seen and now - seen_since > HEALTHY_SECONDS:
            raise PromiseBrokenError(f"false failover: the witness saw {move.lost} all the time")

    def on_changed(self) -> None:
        """Promise 1, as a state: at no moment could two databases answer OK for one side."""
        one, other = self.databases[A], self.databases[B]
        if self.forced or not (one.answers and other.answers):
            return
        for side in SITES:
            if self.is_writable(one, other, side) and self.is_writable(other, one, side):
                raise PromiseBrokenError(f"two writers: both databases accept {side}")

    def is_writable(self, own: FakeDatabase, peer: FakeDatabase, side: str) -> bool:
        """Tell whether a write with the right term would be acknowledged."""
        fence = own.fences.get(side)
        if fence is None or not fence.is_open or own.is_read_only:
            return False
        return not own.waits or self.network.replicates(own, peer)
