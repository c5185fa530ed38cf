"""Batches wait while their portal moves or its database is gone, and no command is lost or done twice."""

import asyncio
import secrets
from collections import Counter
from functools import partial

import httpx
import pytest

from ..own_nodes import SITES, Directory, Own, new_key  # noqa: TID252  # a file of tests, no package
from ..test_holding import Nodes, directory, nodes, own  # noqa: F401, TID252  # the fixtures
from .test_served import batch_of

COMMANDS = 30
NO_LIMITS = "UPDATE portico.plans SET rest_burst = NULL, rest_operating_seconds = NULL"


@pytest.fixture
async def path(own: Own, nodes: Nodes) -> str:  # noqa: F811
    """Of a webhook, on a plan without limits."""
    await asyncio.to_thread(own.execute, "dc-a", NO_LIMITS)
    made = await nodes["dc-a"].post("/api/v1/webhooks", json={"scopes": ["crm"]})
    assert made.status_code == 201, made.text
    return httpx.URL(made.json()["url"]).path


class Load:
    """Batches that go on until told to stop, at both nodes, each of a key of its own."""

    def __init__(self, nodes: Nodes, path: str) -> None:  # noqa: F811
        self.made: Counter[str] = Counter()
        self.failed: list[str] = []
        self._nodes = nodes
        self._path = path
        self._running = True

    async def run(self) -> None:
        await asyncio.gather(*(self._worker(self._nodes[site]) for site in SITES for _ in "ab"))

    def stop(self) -> None:
        self._running = False

    async def _worker(self, client: httpx.AsyncClient) -> None:
        while self._running:
            tag = secrets.token_hex(6)
            body = batch_of(tag, COMMANDS)
            answer = await client.post(f"{self._path}batch", json=body, headers=new_key())
            if answer.status_code != 200 or answer.json()["result"]["result_error"]:
                self.failed.append(answer.text[:300])
            self.made.update(f"{tag}-{n}" for n in range(COMMANDS))


async def titles(client: httpx.AsyncClient, path: str) -> Counter[str]:
    found: Counter[str] = Counter()
    after = 0
    while True:
        wanted = {"filter": {">ID": after}, "order": {"ID": "ASC"}, "start": -1}
        page = (await client.post(f"{path}crm.lead.list", json=wanted)).json()["result"]
        found.update(lead["TITLE"] for lead in page)
        if len(page) < 50:
            return found
        after = int(page[-1]["ID"])


async def test_a_switch_of_the_portal_loses_no_command_and_does_none_twice(
    directory: Directory,  # noqa: F811
    nodes: Nodes,  # noqa: F811
    path: str,
) -> None:
    load = Load(nodes, path)
    running = asyncio.create_task(load.run())
    for target in ("dc-b", "dc-a"):
        await asyncio.sleep(1.0)
        await directory.switch(target)
    load.stop()
    await running
    assert load.made
    assert load.failed == []
    assert await titles(nodes["dc-a"], path) == load.made


async def test_a_database_that_dies_loses_no_command_and_does_none_twice(
    own: Own,  # noqa: F811
    nodes: Nodes,  # noqa: F811
    path: str,
) -> None:
    before = await titles(nodes["dc-a"], path)
    load = Load(nodes, path)
    running = asyncio.create_task(load.run())
    await asyncio.sleep(1.0)
    own.databases["dc-a"].kill()
    await asyncio.sleep(0.5)
    await asyncio.to_thread(partial(own.restart, "dc-a"))
    await asyncio.sleep(1.0)
    load.stop()
    await running
    assert load.made
    assert load.failed == []
    assert await titles(nodes["dc-a"], path) == before + load.made
