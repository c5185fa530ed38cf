"""Opens everything one site needs, and keeps its loops running."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from prometheus_client import Counter

import etcd
from db.engine import Address
from failover import late
from failover.compare import Comparer
from failover.control import keys
from failover.control.agent import Agent, Servant
from failover.control.comparing import Comparing
from failover.control.controller import Controller
from failover.control.election import Election
from failover.control.handovers import Handovers
from failover.control.late_keeper import LateKeeper
from failover.control.portal_rows import PortalRows
from failover.control.publication import Publication
from failover.control.seat import Seat
from failover.control.sight import Sight
from failover.control.store import Store
from failover.control.sweep import Sweep
from failover.control.waking import Wake
from failover.control.watcher import Watcher
from failover.database import LocalDatabase, Probe
from failover.database.agency import sole_agent
from failover.database.local import USER as AGENT
from failover.service.late import USER as REPAIR
from failover.service.plane import Plane
from failover.service.urls import etcd_urls, member_url, service_url, witness_of
from kernel.ids import PairId
from kernel.secrets import Secrets
from kernel.settings import Settings

RESTART_SECONDS = 1.0
CRASHES = Counter("failover_loop_crashes_total", "Loops that ended with an error.", ("loop",))
Loop = Callable[[], Awaitable[None]]
_log = logging.getLogger(__name__)


@asynccontextmanager
async def running(settings: Settings, site: str, secrets: Secrets) -> AsyncIterator[Plane]:
    """Run the control plane of a site; at the end it gives up leadership."""
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(etcd.connect(etcd_urls(settings, site)))
        sight = Sight(client, site, witness_of(settings).name)
        workshop = _Workshop(settings, secrets, client, sight, stack)
        plane = await workshop.plane()
        tasks = [
            asyncio.create_task(keep_running(name, loop)) for name, loop in workshop.loops.items()
        ]
        try:
            yield plane
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await plane.election.resign()


async def keep_running(name: str, loop: Loop) -> None:
    """Run a loop for ever: a defect in one must not stop the others, nor itself for long."""
    while True:
        task = asyncio.ensure_future(loop())
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait((task,))
            raise
        CRASHES.labels(name.partition("-")[0]).inc()
        _log.error("a loop ended, it begins anew", extra={"loop": name}, exc_info=task.exception())
        await asyncio.sleep(RESTART_SECONDS)


@dataclass(frozen=True, slots=True)
class _Workshop:
    """Makes the parts; ``stack`` closes what they open, ``loops`` is what must run."""

    settings: Settings
    secrets: Secrets
    client: etcd.Client
    sight: Sight
    stack: AsyncExitStack
    loops: dict[str, Loop] = field(default_factory=dict)

    async def plane(self) -> Plane:
        """Return the whole."""
        settings, sight = self.settings, self.sight
        pairs = [pair.id for pair in settings.pairs if len(pair.sites) == 2]
        store = Store(self.client, sight.site)
        election = Election(self.client, sight, service_url(settings, sight.site))
        handovers = Handovers(sight, store, election)
        controller = Controller(pairs, sight, store, election, handovers)
        agents = [await self._agent(pair, store) for pair in pairs if self._concerns(pair)]
        rows = [agent.servant.portals for agent in agents if agent.servant is not None]
        listeners = [
            *(election.hear, controller.hear),
            *(agent.hear for agent in agents),
            *(row.hear for row in rows),
        ]
        self.loops["watcher"] = Watcher(self.client, sight, listeners).run
        self.loops["election"] = election.run
        self.loops["controller"] = controller.run
        self.loops["seat"] = self._seat().run
        return Plane(
            settings=settings,
            site=sight.site,
            pairs=pairs,
            sight=sight,
            store=store,
            election=election,
            controller=controller,
            handovers=handovers,
            agents=agents,
        )

    def _concerns(self, pair: PairId) -> bool:
        return self.sight.site in (*self.settings.pair(pair).sites, self.sight.witness)

    async def _agent(self, pair: PairId, store: Store) -> Agent:
        publication = Publication(self.client, keys.report_key(pair, self.sight.site))
        agent = Agent(
            pair=pair,
            sight=self.sight,
            publication=publication,
            probes=await self._probes(pair),
            wake=Wake(),
            servant=await self._find_servant(pair, store),
        )
        self.loops[f"agent-{pair}"] = agent.run
        self.loops[f"publication-{pair}"] = publication.run
        return agent

    async def _probes(self, pair: PairId) -> Mapping[str, Probe]:
        password, port = self.secrets["probe_password"], self.settings.ports.mariadb
        return {
            name: await self.stack.enter_async_context(
                Probe(self.settings.site(name).address, port, password)
            )
            for name in self.settings.pair(pair).sites
        }

    async def _find_servant(self, pair: PairId, store: Store) -> Servant | None:
        """Return what the agent commands; ``None`` at the witness."""
        site, password = self.sight.site, self.secrets["db_password"]
        if site not in self.settings.pair(pair).sites:
            return None
        self.stack.enter_context(sole_agent(self.settings, site))
        database = await self.stack.enter_async_context(
            LocalDatabase(self.settings, pair, site, password)
        )
        sweep = Sweep(self.client, pair, database)
        self.loops[f"sweep-{pair}"] = sweep.run
        portals = PortalRows(pair, self.sight, store, database)
        self.loops[f"portals-{pair}"] = portals.run
        self.loops[f"late-{pair}"] = LateKeeper(pair, self.sight, self._keeping(pair)).run
        return Servant(database, portals, sweep, Comparing(self._comparer(pair)))

    def _comparer(self, pair: PairId) -> Comparer:
        own, peer = self._addresses(pair, AGENT, self.secrets["db_password"])
        return Comparer(own, peer)

    def _keeping(self, pair: PairId) -> Callable[[], Awaitable[int]]:
        own, peer = self._addresses(pair, REPAIR, self.secrets["repair_password"])
        return partial(late.keep, own, peer)

    def _addresses(self, pair: PairId, user: str, password: str) -> list[Address]:
        """Return where the own database and its peer are."""
        settings, own = self.settings, self.sight.site
        return [
            Address(settings.site(site).address, settings.ports.mariadb, user, password)
            for site in sorted(settings.pair(pair).sites, key=lambda name: name != own)
        ]

    def _seat(self) -> Seat:
        own = self.settings.site(self.sight.site)
        witness = self.settings.site(self.sight.witness)
        return Seat(self.client, member_url(self.settings, own), member_url(self.settings, witness))
