"""Starts everything in its order, side by side where nothing depends on the other.

Each step looks first whether it is already done, so what was killed anywhere is finished next time.
"""

import asyncio
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx

from cluster import command, mariadb, pairs, replication
from cluster.ceph import ObjectStore
from cluster.health import Health, wait_while
from cluster.layout import Layout
from cluster.programs import Program, Stage, all_programs
from cluster.progress import Progress
from cluster.supervisor import Supervisor
from kernel.settings import SETTINGS_VARIABLE, Pair, Site

STORE_SECONDS = 60.0
SERVICE_SECONDS = 90.0
DOOR_SECONDS = 15.0


class Bringup:
    """One cluster on its way up; supervisord runs already."""

    def __init__(self, layout: Layout, supervisor: Supervisor, progress: Progress) -> None:
        self._layout = layout
        self._settings = layout.settings
        self._programs = all_programs(layout)
        self._store = ObjectStore(layout, layout.settings.site(layout.settings.shared_site))
        self._supervisor = supervisor
        self._health = Health(layout, supervisor)
        self._progress = progress

    def is_done(self) -> bool:
        """Whether all is up already."""
        return not self._health.sick(self._programs) and not self._closed_door()

    def run(self) -> None:
        """Start what does not run, make what does not exist, return when all is healthy."""
        with ThreadPoolExecutor() as pool:
            edges = pool.submit(self._edges)
            first = [pool.submit(self._database, site) for site in self._settings.datacentres]
            first.append(pool.submit(self._ownership))
            for step in first:
                step.result()
            for pair in self._settings.pairs:
                self._pair(pair)
            self._start(self._of(Stage.ROUTING))
            self._migrate()
            if not self._store.has_account():
                edges.result()  # signup reads its keys when it starts
            self._start(self._of(Stage.SERVICES))
        self._health.wait(self._programs, SERVICE_SECONDS)
        self._progress.say("every process is healthy")
        wait_while(self._closed_door, DOOR_SECONDS)

    def _database(self, site: Site) -> None:
        mariadb.install(self._layout, site)
        self._start(self._named("mariadb", site))
        wait_while(lambda: mariadb.trouble(self._layout, site), STORE_SECONDS)
        mariadb.ensure_contents(self._layout, site)
        self._progress.say(f"database of {site.name} answers")

    def _ownership(self) -> None:
        """Start etcd, and beside it the caches: both are there at once."""
        members = self._named("etcd")
        self._start([*members, *self._named("memcached")])
        self._health.wait(members, STORE_SECONDS)
        self._progress.say(
            f"etcd has its {len(members)} members" if len(members) > 1 else "etcd answers"
        )

    def _edges(self) -> None:
        """Start the object store, then all that speaks to clients; S3 is the slowest of it."""
        self._store.install()
        self._start([*self._named("ceph-mon"), *self._named("ceph-osd"), *self._of(Stage.EDGES)])
        self._health.wait(self._named("s3"), STORE_SECONDS)
        self._store.ensure_account()
        self._progress.say("object store answers")

    def _pair(self, pair: Pair) -> None:
        """Join the masters of a new pair; of an old one, only wait for what its record promises."""
        mode = asyncio.run(pairs.find_mode(self._layout, pair))
        if mode is None:
            replication.ensure(self._layout, pair)
        if mode in {None, "SYNC"} and len(pair.sites) > 1:
            replication.wait(self._layout, pair)
            self._progress.say(f"pair {pair.id} replicates")
        if mode is None:
            asyncio.run(pairs.create(self._layout, pair))

    def _migrate(self) -> None:
        words = (sys.executable, "-m", "portal.migrate")
        named = {SETTINGS_VARIABLE: str(self._layout.file)}
        command.run(self._layout, words, variables=named)
        self._progress.say("schema is up to date")

    def _closed_door(self) -> str:
        """Say what a client would miss at the front door; nothing if it serves."""
        door = self._settings.door
        for path, service in (("/readyz", "web nodes"), ("/api/v1/signup", "signup")):
            try:
                answer = httpx.get(
                    f"http://{door.address}:{door.http}{path}",
                    headers={"Host": self._settings.base_domain},
                    timeout=5.0,
                    trust_env=False,
                )
            except httpx.TransportError as error:
                return f"the front door does not answer: {error}"
            if answer.status_code >= 500:
                return f"the front door finds no {service}: {answer.status_code}"
        return ""

    def _start(self, programs: Sequence[Program]) -> None:
        self._supervisor.start([p.full_name for p in programs])

    def _of(self, stage: Stage) -> list[Program]:
        return [p for p in self._programs if p.stage is stage]

    def _named(self, name: str, site: Site | None = None) -> list[Program]:
        return [p for p in self._programs if p.name == name and site in {None, p.site}]
