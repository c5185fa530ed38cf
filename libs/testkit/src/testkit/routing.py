"""A whole directory of portals for tests: real etcd at three sites, a real routing service at two."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kernel import settings
from kernel.settings import Settings
from testkit import addresses, etcd, patience, ready
from testkit.etcd import Cluster
from testkit.process import Process

TOKEN = "internal-token-of-the-tests"  # noqa: S105  # guards nothing but this
_SITES = ("dc-a", "dc-b", "witness")
_SETTINGS = """
shared_site = "witness"
pairs = [{{ id = 1, sites = ["dc-a", "dc-b"], capacity = 1000 }}]
regions = {{ default = "dc-b", ru = "dc-a" }}
sites = [
  {{ name = "dc-a", kind = "datacentre", address = "{0}", id_offset = 1 }},
  {{ name = "dc-b", kind = "datacentre", address = "{1}", id_offset = 2 }},
  {{ name = "witness", kind = "witness", address = "{2}" }},
]
"""


class Installation:
    """etcd and the routing services; ``settings`` is what the services were told."""

    def __init__(self, directory: Path, *, is_patient: bool = False) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / "portico.toml"
        self.path.write_text(_SETTINGS.format(*addresses.private(len(_SITES))), encoding="utf-8")
        self.settings: Settings = settings.load(self.path)
        self.services = {
            site.name: _service(self.path, site.name, is_patient=is_patient)
            for site in self.settings.datacentres
        }
        secrets = self.settings.secrets_dir / "routing.json"
        secrets.parent.mkdir(parents=True)
        secrets.write_text(json.dumps({"internal_token": TOKEN}), encoding="utf-8")

    @property
    def urls(self) -> tuple[str, ...]:
        """The routing services, that of dc-a first."""
        return self.settings.routing_urls("dc-a")

    def start(self) -> None:
        """Start the routing services, and wait until they serve."""
        for service in self.services.values():
            service.start()
        self.wait()

    def wait(self) -> None:
        """Wait until both routing services have read etcd."""
        ready.wait_for(f"{url}/readyz" for url in self.urls)

    def kill(self) -> None:
        """Kill both routing services."""
        for service in self.services.values():
            service.kill()


@contextmanager
def running(directory: Path, *, is_patient: bool = False) -> Iterator[tuple[Installation, Cluster]]:
    """Run everything with one pair of databases on record, and kill it at the end.

    Patient services wait for etcd longer than the product does: for tests that are not about that.
    """
    installation = Installation(directory, is_patient=is_patient)
    sites = [site.address for site in installation.settings.sites]
    with etcd.running(directory, sites) as cluster:
        _write_pair(cluster)
        try:
            installation.start()
            yield installation, cluster
        finally:
            installation.kill()


def _write_pair(cluster: Cluster) -> None:
    serving = {"dc-a": "dc-a", "dc-b": "dc-b"}
    pair = {"id": 1, "mode": "SYNC", "solo": None, "term": 1, "serving": serving}
    cluster.put("pair/1", json.dumps(pair))


def _service(path: Path, site: str, *, is_patient: bool) -> Process:
    variables = {"PORTICO_SETTINGS": str(path), "PORTICO_SITE": site, "PORTICO_NODE": "routing"}
    command = patience.command("routing") if is_patient else (sys.executable, "-m", "routing")
    return Process(command, path.parent / f"routing-{site}.log", variables)
