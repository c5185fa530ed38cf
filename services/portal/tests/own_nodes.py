"""Two datacentres of a test's own: databases that replicate, etcd, routing services, one web node each.

No balancers and no failover: a node of the other datacentre is reached at once, and the records of pairs
and portals change when the test says so.
"""

import asyncio
import json
import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import orjson

import etcd
from cluster import mariadb as administration
from db.fence import RAISE, pair_row, portal_row
from kernel import secrets as kernel_secrets
from kernel import settings as kernel_settings
from kernel.ids import PairId, PortalId, new_portal_id
from kernel.settings import Settings
from routes import Route
from testkit import etcd as etcd_servers
from testkit import mariadb, ready
from testkit.mariadb import Server
from testkit.patience import patient
from testkit.process import Process

SITES = ("dc-a", "dc-b")
PAIR = PairId(1)
HELD_SECONDS = 20.0
LABEL = "acme"
TOKEN = "a session of the administrator"  # of a portal that lives as long as a test
_SETTINGS = """
var = "{var}"
shared_site = "witness"
pairs = [{{ id = 1, sites = ["dc-a", "dc-b"] }}]
regions = {{ default = "dc-a" }}
sites = [
  {{ name = "dc-a", kind = "datacentre", address = "{0}", id_offset = 1, web_nodes = 1 }},
  {{ name = "dc-b", kind = "datacentre", address = "{1}", id_offset = 2, web_nodes = 1 }},
  {{ name = "witness", kind = "witness", address = "{2}" }},
]
[ports] # the web node itself stands where its balancer would
balancer = 17011
balancer_internal = 17011
[limits]
held_request_seconds = {held_seconds} # a busy machine needs some to start a database again
portal_requests_per_second = 100000
"""


@dataclass(frozen=True, slots=True)
class Own:
    """All of it. Databases are named by their datacentre, and so is everything else."""

    settings: Settings
    databases: Mapping[str, Server]
    cluster: etcd_servers.Cluster
    routing: dict[str, Process]
    nodes: dict[str, Process]

    def url(self, site: str) -> str:
        """Address of a web node."""
        return self.settings.balancer_url(site)

    def client(self, site: str, **headers: str) -> httpx.AsyncClient:
        """Return the administrator's client of a web node; close it."""
        about = {
            "Host": self.settings.host_of(LABEL),
            "Authorization": f"Bearer {TOKEN}",
            **headers,
        }
        return httpx.AsyncClient(base_url=self.url(site), headers=about, timeout=60)

    def restart(self, site: str) -> None:
        """Start a database that was killed, and let it do what its agent would let it do."""
        self.databases[site].start()
        self.databases[site].wait()
        self.serve(site)

    def serve(self, site: str) -> None:
        """Accept writes, and follow the peer."""
        # else a killed process takes what it had acknowledged within the last second along
        self.execute(site, "SET GLOBAL innodb_flush_log_at_trx_commit = 2")
        self.execute(site, "SET GLOBAL read_only = 0")
        self.execute(site, "START SLAVE")

    def execute(self, site: str, statement: str, *arguments: object) -> dict[str, Any]:
        """Run a statement as root on one server only; return its first row, if it has any."""
        server = self.databases[site]
        with administration.session(server.layout, server.site) as database:
            database.execute(statement, arguments)
            return database.fetchone() or {}

    def fence(self, site: str, name: str, number: int, state: str = "open") -> None:
        """Set a row of a server's fence."""
        self.execute(site, RAISE, name, number, state)

    def set_sides(self, site: str, term: int, serving: dict[str, str]) -> None:
        """Open on a server the sides it serves, and close the others."""
        for side, owner in serving.items():
            state = "open" if owner == site else "closed"
            self.fence(site, pair_row(PAIR, side), term, state)

    def wait_for_replication(self, source: str, target: str) -> None:
        """Wait until the target shows everything of the source."""
        position = self.execute(source, "SELECT @@gtid_binlog_pos AS at")["at"]
        done = self.execute(target, "SELECT MASTER_GTID_WAIT(%s, 20) AS failed", position)
        assert done["failed"] == 0


@contextmanager
def running(folder: Path) -> Iterator[Own]:
    """Run everything, without any portal yet, and kill it at the end."""
    with mariadb.running(folder) as masters:
        addresses = [site.address for site in masters.settings.sites]
        path = folder / "nodes.toml"
        about = {"var": masters.settings.var, "held_seconds": HELD_SECONDS}
        path.write_text(_SETTINGS.format(*addresses, **about), encoding="utf-8")
        with etcd_servers.running(folder, addresses) as cluster:
            own = Own(
                kernel_settings.load(path),
                masters.servers,
                cluster,
                {site: _process(path, site, "routing", "routing") for site in SITES},
                {site: _process(path, site, "portal", "portal-1") for site in SITES},
            )
            try:
                _start(own, path)
                yield own
            finally:
                for process in (*own.nodes.values(), *own.routing.values()):
                    process.kill()


def _start(own: Own, path: Path) -> None:
    for site in SITES:
        own.serve(site)
    subprocess.run(
        (sys.executable, "-m", "portal.migrate"),
        env={**os.environ, "PORTICO_SETTINGS": str(path)},
        stderr=subprocess.DEVNULL,
        timeout=60,
        check=True,
    )
    subprocess.run(  # noqa: S603  # our own arguments
        ("/usr/bin/etcdctl", "--endpoints", own.cluster.urls[0], "put", "pair/1", _record()),
        env={**os.environ, "ETCDCTL_API": "3"},
        stdout=subprocess.DEVNULL,
        timeout=30,
        check=True,
    )
    for process in (*own.routing.values(), *own.nodes.values()):
        process.start()
    with ThreadPoolExecutor() as pool:
        pool.submit(ready.wait_for, [f"{own.url(site)}/readyz" for site in SITES]).result()


def _record(**fields: Any) -> str:
    serving = {site: site for site in SITES}
    return json.dumps({"id": 1, "mode": "SYNC", "term": 1, "serving": serving, **fields})


def _process(path: Path, site: str, module: str, node: str) -> Process:
    variables = {"PORTICO_SETTINGS": str(path), "PORTICO_SITE": site, "PORTICO_NODE": node}
    command = (sys.executable, "-m", module)
    return Process(command, path.parent / f"{module}-{site}.log", variables)


class Directory:
    """Changes the records in etcd, and the databases with them, as the failover would."""

    def __init__(self, own: Own, client: etcd.Client, portal: PortalId) -> None:
        self.portal = portal
        self.term = 1
        self.serving = {site: site for site in SITES}
        self._own = own
        self._client = client

    async def pair(self, **fields: Any) -> int:
        """Change the pair, and return the revision."""
        known = {"serving": self.serving, "term": self.term}
        return await self._client.put("pair/1", _record(**known, **fields).encode())

    async def place(self, **fields: Any) -> int:
        """Change the portal, and return the revision."""
        record = {
            "id": str(self.portal),
            "host": LABEL,
            "pair": 1,
            "home": "dc-a",
            "epoch": 1,
            "state": "active",
            **fields,
        }
        return await self._client.put(f"portal/{self.portal}", orjson.dumps(record))

    async def switch(self, target: str) -> None:
        """Move the side of dc-a to the target as a planned switch does (HA.md §7)."""
        source = self.serving["dc-a"]
        await self.pair(move=_switch("fence"))
        await asyncio.to_thread(
            self._own.fence, source, pair_row(PAIR, "dc-a"), self.term, "closed"
        )
        await asyncio.to_thread(self._own.wait_for_replication, source, target)
        await self.give(target, move=_switch("open"))
        await self.pair()

    async def give(self, target: str, **fields: Any) -> None:
        """Name the target as owner under the next term, and open it there when all nodes know."""
        self.term += 1
        self.serving = {**self.serving, "dc-a": target}
        revision = await self.pair(**fields)
        for site in SITES:
            await self.until_confirmed(site, revision)
        await asyncio.to_thread(self._own.set_sides, target, self.term, self.serving)

    async def until_confirmed(self, site: str, revision: int) -> None:
        """Wait until the web node has confirmed the revision."""
        async with asyncio.timeout(30):
            while await self.confirmed(site) < revision:  # noqa: ASYNC110  # etcd has no event of ours
                await asyncio.sleep(0.01)

    async def confirmed(self, site: str) -> int:
        """Return up to which revision the web node knows the routes; 0 if it does not live."""
        found = await self._client.find(f"node/{site}/portal-1")
        return 0 if found is None else int(orjson.loads(found.value)["revision"])


def _switch(step: str) -> dict[str, Any]:
    return {"kind": "switch", "sides": ["dc-a"], "step": step}


@asynccontextmanager
async def founded(own: Own) -> AsyncIterator[Directory]:
    """Found the portal at dc-a, open on both servers, and lend its records."""
    portal = new_portal_id()
    for site in SITES:
        own.fence(site, portal_row(portal), 1)
    route = Route(portal, LABEL, PAIR, "dc-a", "dc-a", 1, 1, "active")
    await _found(own, route)
    with patient():
        async with etcd.connect(own.cluster.urls) as client:
            directory = Directory(own, client, portal)
            await directory.place()
            yield directory


async def _found(own: Own, route: Route) -> None:
    body = {
        "route": route.to_json(),
        "company": "Acme",
        "region": "eu",
        "locale": "en",
        "admin": {"email": "boss@acme.example", "password_hash": "none"},
        "session_token_hash": sha256(TOKEN.encode()).hexdigest(),
        "storage": {"bucket": "none", "access_key": "none", "secret_key": "none"},
    }
    token = kernel_secrets.load(own.settings.secrets_dir, "portal")["internal_token"]
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=own.url("dc-a"), headers=headers, timeout=20) as client:
        answer = await client.post("/internal/portals", json=body)
    assert answer.status_code == 201, answer.text


def new_key() -> dict[str, str]:
    """Return the header of a request that may be repeated."""
    return {"Idempotency-Key": secrets.token_hex(8)}
