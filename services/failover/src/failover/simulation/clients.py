"""Web nodes and their clients: stale routes, held requests, forwarding, writes in two phases."""

from failover.record import Pair, Switch, Takeover
from failover.simulation.network import A, B
from failover.simulation.nodes import NODE_LEASE_SECONDS, Node
from failover.simulation.world import World


def refresh(world: World, node: Node) -> None:
    """Read the route and confirm it, if etcd is there."""
    if node.is_running and node.site in world.network.majority:
        node.pair = world.store.pair
        node.alive_until = world.now + NODE_LEASE_SECONDS


def write(world: World, node: Node) -> None:
    """One request: hold it, forward it once, or write it here under the route's term."""
    side = A if world.random() < 0.5 else B
    if not node.is_running or is_held(node.pair, side):
        return
    owner = node.pair.serving[side]
    if owner != node.site:
        there = world.nodes[owner]
        if not world.network.joins(node.site, owner) or not there.is_running:
            return
        node = there
        if node.pair.serving[side] != node.site or is_held(node.pair, side):
            return
    database = world.databases[node.site]
    number = world.attempt(database, side, node.pair.term)
    if number is not None and world.random() < 0.8:
        database.commit(number)


def commit(world: World, node: Node) -> None:
    """A transaction that was left open goes on."""
    database = world.databases[node.site]
    if database.answers and database.open:
        database.commit(database.open[0])


def is_held(pair: Pair, side: str) -> bool:
    """Tell whether nodes hold the requests of the side."""
    return isinstance(pair.move, Takeover | Switch) and side in pair.move.sides
