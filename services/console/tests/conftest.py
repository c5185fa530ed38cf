"""An installation of three sites whose failover services are simulated."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from testkit import addresses

from .simulated import TOKEN, World, served

PORT = 17004
SITES = ("dc-a", "dc-b", "witness")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A pair at peace; ``portico`` finds its services."""
    hosts = dict(zip(SITES, addresses.private(len(SITES)), strict=True))
    settings = tmp_path / "portico.toml"
    settings.write_text(_settings(hosts), "utf-8")
    secrets = tmp_path / "var" / "secrets"
    secrets.mkdir(parents=True, mode=0o700)
    operator = secrets / "operator.json"
    operator.write_text(json.dumps({"internal_token": TOKEN}))
    operator.chmod(0o600)
    monkeypatch.setenv("PORTICO_SETTINGS", str(settings))
    with served(hosts, PORT) as world:
        yield world


def _settings(hosts: dict[str, str]) -> str:
    kinds = {"witness": "witness"}
    sites = "".join(
        f'[[sites]]\nname = "{name}"\nkind = "{kinds.get(name, "datacentre")}"\naddress = "{host}"\n'
        f"id_offset = {number % 2 + 1}\n"
        for number, (name, host) in enumerate(hosts.items())
    )
    return f"""
shared_site = "witness"
regions = {{default = "dc-a"}}
pairs = [{{id = 1, sites = ["dc-a", "dc-b"]}}]
{sites}"""
