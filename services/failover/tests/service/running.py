"""Starts ``python -m failover`` for three sites, with etcd and without databases."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kernel import settings
from kernel.settings import Settings
from testkit import addresses, etcd, patience, ready
from testkit.process import Process

A, B, WITNESS = "dc-a", "dc-b", "witness"
TOKEN = "internal-token-of-the-tests"
PORTAL = 77
_SETTINGS = """
shared_site = "witness"
pairs = [{{ id = 1, sites = ["dc-a", "dc-b"], capacity = 1000 }}]
regions = {{ default = "dc-b" }}
sites = [
  {{ name = "dc-a", kind = "datacentre", address = "{0}", id_offset = 1 }},
  {{ name = "dc-b", kind = "datacentre", address = "{1}", id_offset = 2 }},
  {{ name = "witness", kind = "witness", address = "{2}" }},
]
"""
_PAIR = {"id": 1, "mode": "SYNC", "solo": None, "term": 1, "serving": {A: A, B: B}}
_PORTAL = {"id": "77", "host": "acme", "pair": 1, "home": A, "epoch": 3, "state": "active"}


class Installation:
    """The services; ``urls`` by site."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "portico.toml"
        self.path.write_text(_SETTINGS.format(*addresses.private(3)), encoding="utf-8")
        self.settings: Settings = settings.load(self.path)
        port = self.settings.ports.failover
        self.urls = {site.name: f"http://{site.address}:{port}" for site in self.settings.sites}
        self.services = {site: self._service(site) for site in self.urls}
        secrets = self.settings.secrets_dir / "failover.json"
        secrets.parent.mkdir(parents=True)
        names = ("db_password", "probe_password", "repair_password")
        values = dict.fromkeys(names, "x") | {"internal_token": TOKEN}
        secrets.write_text(json.dumps(values), encoding="utf-8")

    def log(self, site: str) -> Path:
        return self.path.parent / f"{site}.log"

    def _service(self, site: str) -> Process:
        variables = {"PORTICO_SETTINGS": str(self.path), "PORTICO_SITE": site}
        return Process(patience.command("failover"), self.log(site), variables)


@contextmanager
def running(directory: Path) -> Iterator[Installation]:
    """Run everything, and kill it at the end."""
    installation = Installation(directory)
    with etcd.running(directory, [site.address for site in installation.settings.sites]) as cluster:
        cluster.put("pair/1", json.dumps(_PAIR))
        cluster.put("portal/77", json.dumps(_PORTAL))
        try:
            for service in installation.services.values():
                service.start()
            ready.wait_for(f"{url}/readyz" for url in installation.urls.values())
            yield installation
        finally:
            for service in installation.services.values():
                service.kill()
