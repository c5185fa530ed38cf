"""Three sites with the real loops over a real etcd, and databases that only pretend."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Self

import orjson

from etcd import Client
from failover.actions import AcknowledgeAlone, AwaitPeer, Command, RestartSafely
from failover.control import keys
from failover.control.agent import Agent, Servant
from failover.control.comparing import Comparing
from failover.control.controller import Controller
from failover.control.election import Election
from failover.control.handovers import Handovers
from failover.control.portal_rows import PortalRows
from failover.control.publication import Publication
from failover.control.sight import Sight
from failover.control.store import Store
from failover.control.sweep import Sweep
from failover.control.waking import Wake
from failover.control.watcher import Watcher
from failover.record import Pair, Position, behind
from failover.simulation.servers import FakeDatabase
from failover.state import Comparison, Database, Fence
from failover.wire import pair_from_json, pair_to_json
from kernel.ids import PairId, PortalId

A, B, WITNESS = "dc-a", "dc-b", "witness"
SITES = (A, B, WITNESS)
PAIR = PairId(1)
PORTAL = PortalId(77)
RECORD = {
    "id": 1,
    "mode": "SYNC",
    "solo": None,
    "term": 1,
    "serving": {A: A, B: B},
    "sworn": {A: "1.1", B: "1.1"},
    "note": "kept",
}
PORTAL_RECORD = {
    "id": str(PORTAL),
    "host": "acme",
    "pair": 1,
    "home": A,
    "epoch": 3,
    "state": "active",
    "note": "kept",
}


class Server:
    """The simulation's database behind the interface of a real one; replicates when it is looked at."""

    def __init__(self, fake: FakeDatabase) -> None:
        self.fake = fake
        self.fake.on_commit = lambda _database, _write: None
        self.peer: Server
        self.rows: dict[PortalId, Fence] = {PORTAL: Fence(3, is_open=True)}
        self.obeyed: list[Command] = []
        self.died_at: float | None = None

    def kill(self) -> None:
        self.fake.kill()
        self.died_at = time.monotonic()

    @property
    def unseen_seconds(self) -> float:
        return 0.0 if self.died_at is None else time.monotonic() - self.died_at

    async def observe(self) -> Database | None:
        if not self.fake.answers:
            return None
        if self.peer.fake.answers and self.fake.receiver_runs:
            self.fake.receive(self.peer.fake, 100)
            self.fake.apply(100)
            self.peer.fake.acknowledge(self.fake.received(self.peer.fake.site))
        return self.fake.facts(self.peer.unseen_seconds, 60.0)

    async def obey(self, command: Command) -> bool:
        self.obeyed.append(command)
        if isinstance(command, RestartSafely):
            self.fake.start(safely=True)
            self.died_at = None
            return True
        done = self.fake.obey(command)
        if isinstance(command, AwaitPeer | AcknowledgeAlone):
            self.fake.is_replied_to = self.fake.waits
        return done

    async def set_portal_row(self, portal: PortalId, fence: Fence) -> Position | None:
        if portal in self.rows and self.rows[portal].term > fence.term:
            return None
        self.rows[portal] = fence
        return self.fake.facts(0.0, 60.0).logged

    async def has_applied(self, position: Position, seconds: float) -> bool:
        own = await self.observe()
        return own is not None and behind(own.applied, position) == 0

    async def raise_portal_rows(self, rows: Mapping[PortalId, Fence]) -> bool:
        for portal, fence in rows.items():
            if portal not in self.rows or self.rows[portal].term < fence.term:
                self.rows[portal] = fence
        return True


class Equal:
    """A comparison that finds no difference."""

    report = None

    async def run(self, revision: int, progress: Callable[[str], None]) -> Comparison:
        return Comparison(revision, is_equal=True)


@dataclass(eq=False)
class Site:
    """The loops of one site; ``start`` runs them, ``kill`` ends them without a good-bye."""

    sight: Sight
    store: Store
    election: Election
    handovers: Handovers
    controller: Controller
    agent: Agent
    loops: list[Callable[[], Coroutine[Any, Any, None]]]
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self) -> None:
        self.tasks = [asyncio.create_task(loop()) for loop in self.loops]

    async def kill(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


class Stage:
    """Everything, for one test."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.side_of: list[str] = []
        self.servers = {
            A: Server(FakeDatabase(A, B, self.side_of)),
            B: Server(FakeDatabase(B, A, self.side_of)),
        }
        self.servers[A].peer, self.servers[B].peer = self.servers[B], self.servers[A]
        self.sites = {site: self.site(site) for site in SITES}

    @classmethod
    @asynccontextmanager
    async def opened(cls, client: Client) -> AsyncIterator[Self]:
        await client.put(keys.pair_key(PAIR), orjson.dumps(RECORD))
        await client.put(keys.portal_key(PORTAL), orjson.dumps(PORTAL_RECORD))
        stage = cls(client)
        try:
            yield stage
        finally:
            for site in stage.sites.values():
                await site.kill()

    def site(self, name: str) -> Site:
        sight = Sight(self.client, name, WITNESS)
        store = Store(self.client, name)
        election = Election(self.client, sight, f"http://{name}")
        handovers = Handovers(sight, store, election)
        controller = Controller([PAIR], sight, store, election, handovers)
        publication = Publication(self.client, keys.report_key(PAIR, name))
        wake = Wake()
        servant = self._servant(name, sight, store)
        agent = Agent(
            pair=PAIR,
            sight=sight,
            publication=publication,
            probes=self.servers,
            wake=wake,
            servant=servant,
        )
        hearers = [election.hear, controller.hear, agent.hear]
        loops = [election.run, controller.run, agent.run, publication.run]
        if servant is not None:
            hearers.append(servant.portals.hear)
            loops += [servant.portals.run, servant.sweep.run]
        loops.append(Watcher(self.client, sight, hearers).run)
        return Site(sight, store, election, handovers, controller, agent, loops)

    def _servant(self, name: str, sight: Sight, store: Store) -> Servant | None:
        if name not in self.servers:
            return None
        server = self.servers[name]
        return Servant(
            server,
            PortalRows(PAIR, sight, store, server),
            Sweep(self.client, PAIR, server),
            Comparing(Equal()),
        )

    def start(self, *names: str) -> None:
        for name in names or SITES:
            self.sites[name].start()

    async def json(self, key: str) -> dict[str, Any]:
        kv = await self.client.find(key)
        assert kv is not None
        read: dict[str, Any] = orjson.loads(kv.value)
        return read

    async def pair(self) -> Pair:
        kv = await self.client.find(keys.pair_key(PAIR))
        assert kv is not None
        return pair_from_json(orjson.loads(kv.value), kv.mod_revision)

    async def set_pair(self, **changes: Any) -> None:
        pair = replace(await self.pair(), **changes)
        await self.client.put(keys.pair_key(PAIR), orjson.dumps(pair_to_json(pair, RECORD)))

    async def leader(self) -> Site:
        def found() -> Site | None:
            leading = (s for s in self.sites.values() if s.election.leads_seconds > 0)
            return next(leading, None)

        leader: Site = await until(found)
        return leader

    async def pair_is(self, holds: Callable[[Pair], bool], seconds: float = 30.0) -> Pair:
        deadline = time.monotonic() + seconds
        while True:
            pair = await self.pair()
            if holds(pair):
                return pair
            assert time.monotonic() < deadline, pair
            await asyncio.sleep(0.02)


async def until(found: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Wait until something is found, and return it."""
    deadline = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.02)
    return result
