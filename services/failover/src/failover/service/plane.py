"""Everything of the control plane that runs at one site."""

from collections.abc import Sequence
from dataclasses import dataclass

from failover.control.agent import Agent
from failover.control.controller import Controller
from failover.control.election import Election
from failover.control.handovers import Handovers
from failover.control.sight import Sight
from failover.control.store import Store
from kernel.ids import PairId
from kernel.settings import Settings


@dataclass(frozen=True, slots=True)
class Plane:
    """What the HTTP interface shows and asks."""

    settings: Settings
    site: str
    pairs: Sequence[PairId]
    sight: Sight
    store: Store
    election: Election
    controller: Controller
    handovers: Handovers
    agents: Sequence[Agent]

    def agent(self, pair: PairId) -> Agent | None:
        """Return the agent of this site for a pair; ``None`` if it has nothing to do with it."""
        return next((agent for agent in self.agents if agent.pair == pair), None)
