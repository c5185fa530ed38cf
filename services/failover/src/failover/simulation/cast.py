"""Everybody in one world: three agents, three candidates for controller, the nodes of two datacentres."""

from random import Random

from failover.actions import Command
from failover.simulation.network import EVERYWHERE
from failover.simulation.nodes import Node
from failover.simulation.processes import Agent, Controller
from failover.simulation.world import World


class Cast:
    """A world and its processes."""

    def __init__(self, rng: Random, sleepiness: float) -> None:
        self.world = World(rng, sleepiness)
        self.agents = {site: Agent(self.world, site) for site in EVERYWHERE}
        self.controllers = {site: Controller(self.world, site) for site in EVERYWHERE}
        self.ghosts: list[tuple[Agent, Command]] = []
        """Commands on their way, of agents that died since."""

    @property
    def random(self) -> float:
        """Return the next number of the seed."""
        return self.world.random()

    def chance(self, probability: float) -> bool:
        """Toss a coin."""
        return self.world.random() < probability

    def site(self) -> str:
        """Pick a datacentre."""
        return EVERYWHERE[self.world.random() < 0.5]

    def place(self) -> str:
        """Pick a site, the witness included."""
        return EVERYWHERE[int(self.world.random() * 3)]

    def node(self) -> Node:
        """Pick a web node."""
        return self.world.nodes[self.site()]

    def leader(self) -> Controller:
        """Return who leads by etcd, or somebody."""
        leader = self.world.store.leader
        return self.controllers[leader if leader and self.chance(0.8) else self.place()]
