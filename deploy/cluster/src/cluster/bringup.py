"""Starts everything in its order, side by side where nothing depends on the other.

Each step looks first whether it is already done, so what was killed anywhere is finished next time.
"""

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx

from cluster import command, mariadb, pairs, replication
from cluster.ceph import ObjectStore
from cluster.errors import ClusterError
from cluster.health import Health, wait_while
from cluster.layout import Layout
from cluster.programs import Program, Stage, all_programs
from cluster.progress import Progress
from cluster.supervisor import Supervisor
from kernel.settings import SETTINGS_VARIABLE, Pair, Site

STORE_SECONDS = 60.0
SETTLE_SECONDS = 30.0
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
        return not self._health.sick(self._needed()) and not self._closed_door()

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
            self._start([*self._of(Stage.SERVICES), *self._of(Stage.WATCH)])
        self._health.wait(self._needed(), SERVICE_SECONDS)
        self._progress.say("every process is healthy")
        wait_while(self._closed_door, DOOR_SECONDS)

    def _database(self, site: Site) -> None:
        mariadb.install(self._layout, site)
        self._start(self._named("mariadb", site))
        wait_while(lambda: self._silence(site), STORE_SECONDS)
        if mariadb.trouble(self._layout, site):
            self._progress.say(f"database of {site.name} is out of service: left to its agent")
            return
        mariadb.ensure_contents(self._layout, site)
        self._progress.say(f"database of {site.name} answers")

    def _ownership(self) -> None:
        """Start etcd, beside it the caches, then the agents: a database may wait for their word."""
        members = self._named("etcd")
        self._start([*members, *self._named("memcached")])
        self._health.wait(members, STORE_SECONDS)
        self._progress.say(
            f"etcd has its {len(members)} members" if len(members) > 1 else "etcd answers"
        )
        self._start(self._of(Stage.FAILOVER))

    def _edges(self) -> None:
        """Start the object store, then all that speaks to clients; S3 is the slowest of it."""
        self._store.install()
        self._start([*self._named("ceph-mon"), *self._named("ceph-osd"), *self._of(Stage.EDGES)])
        self._health.wait(self._named("s3"), STORE_SECONDS)
        self._store.ensure_account()
        self._progress.say("object store answers")

    def _pair(self, pair: Pair) -> None:
        """Join the masters of a new pair; one that has a record is left to its agents."""
        if pairs.find(self._layout, pair) is None:
            for name in pair.sites:
                mariadb.open_first_term(self._layout, self._settings.site(name), pair)
            replication.ensure(self._layout, pair)
            replication.wait(self._layout, pair)
            pairs.create(self._layout, pair)
        if len(pair.sites) > 1:
            self._settle(pair)

    def _settle(self, pair: Pair) -> None:
        """Give the agents time to put a pair in order; what takes longer is said and left to them."""
        record = pairs.find(self._layout, pair) or {}
        seconds = 0.0 if record.get("parked") else SETTLE_SECONDS  # a person wants it so
        try:
            wait_while(lambda: self._unrest(pair), seconds)
        except ClusterError as error:
            self._progress.say(f"{error}; `portico status` tells more")
        else:
            self._progress.say(f"pair {pair.id} replicates")

    def _unrest(self, pair: Pair) -> str:
        """Say what a pair of two lacks to be in order; nothing if nothing."""
        record = pairs.find(self._layout, pair)
        if record is None:
            return f"pair {pair.id} has no record"
        if unrest := pairs.unrest(record):
            return unrest
        sites = (self._settings.site(name) for name in pair.sites)
        return next(filter(None, (mariadb.closed(self._layout, site) for site in sites)), "")

    def _migrate(self) -> None:
        """Bring the schema up to date; what is written while a side is away would stop the other's return."""
        if any(len(pair.sites) > 1 and self._unrest(pair) for pair in self._settings.pairs):
            self._progress.say(
                "schema stays as it is: it is changed only while both sides are there"
            )
            return
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

    def _silence(self, site: Site) -> str:
        """Say why a database does not answer, unless the record wants it so."""
        trouble = mariadb.trouble(self._layout, site)
        return "" if trouble and site.name in self._away() else trouble

    def _needed(self) -> list[Program]:
        """Return what must be healthy: not a database out of service, nor what works with it."""
        away = self._away()
        return [
            p
            for p in self._programs
            if p.site.name not in away or not (p.name == "mariadb" or p.stage is Stage.SERVICES)
        ]

    def _away(self) -> set[str]:
        """Return the sites out of service, as far as etcd can tell."""
        try:
            records = [pairs.find(self._layout, pair) for pair in self._settings.pairs]
        except ClusterError:
            return set()
        return {record["away"] for record in records if record and record.get("away")}

    def _start(self, programs: Sequence[Program]) -> None:
        self._supervisor.start([p.full_name for p in programs])

    def _of(self, stage: Stage) -> list[Program]:
        return [p for p in self._programs if p.stage is stage]

    def _named(self, name: str, site: Site | None = None) -> list[Program]:
        return [p for p in self._programs if p.name == name and site in {None, p.site}]
