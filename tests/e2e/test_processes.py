"""Single processes die; the installation goes on."""

import asyncio
import os
import secrets
import signal
import time
from collections.abc import Sequence

import httpx
import pytest

from console import processes, status
from console.demo.sabotage import Saboteur
from console.installation import Installation
from console.processes import Process
from kernel.settings import Settings
from testkit.portals import TestPortal, node_urls

BACK_WITHIN_SECONDS = 20
TRAFFIC_WITHIN_SECONDS = 10


@pytest.fixture
def installation(settings: Settings) -> Installation:
    return Installation(settings)


async def running(installation: Installation) -> Sequence[Process]:
    return await asyncio.to_thread(processes.read, installation)


async def until_all_healthy(installation: Installation) -> None:
    async with asyncio.timeout(BACK_WITHIN_SECONDS):
        while not all(p.healthy for p in await running(installation)):
            await asyncio.sleep(0.3)


async def kill(installation: Installation, name: str, dc: str | None = None) -> None:
    for process in await running(installation):
        if process.name == name and dc in {None, process.dc}:
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)


class Work:
    """Leads written without a pause, each with a key and repeated until it is answered."""

    def __init__(self, portal: TestPortal) -> None:
        self.portal = portal
        self.acknowledged: dict[str, int] = {}
        self.refused: list[str] = []
        self.running = True

    async def write(self) -> None:
        while self.running:
            title, key = f"Лид {secrets.token_hex(6)}", {"Idempotency-Key": secrets.token_hex(16)}
            deadline = time.monotonic() + BACK_WITHIN_SECONDS
            while time.monotonic() < deadline and title not in self.acknowledged:
                try:
                    made = await self.portal.client.post(
                        "/api/v1/crm/leads", json={"title": title}, headers=key
                    )
                except httpx.TransportError as error:
                    self.refused.append(type(error).__name__)
                else:
                    if made.status_code == 201:
                        self.acknowledged[title] = made.json()["id"]
                    else:
                        self.refused.append(f"{made.status_code} {made.text}")
            assert title in self.acknowledged, self.refused[-3:]

    async def lost(self) -> list[str]:
        missing = []
        for title, lead in self.acknowledged.items():
            found = await self.portal.client.get(f"/api/v1/crm/leads/{lead}")
            if found.status_code != 200 or found.json()["title"] != title:
                missing.append(title)
        return missing


async def requests_served(url: str) -> float:
    """How many requests of the API a node has answered since it started."""
    async with httpx.AsyncClient(base_url=url) as client:
        lines = (await client.get("/metrics")).text.splitlines()
    counts = [x for x in lines if x.startswith("http_request_seconds_count") and "/api/" in x]
    return sum(float(x.rsplit(" ", 1)[1]) for x in counts)


@pytest.mark.feature("ARCH-07")
async def test_two_of_four_web_nodes_die_under_load_and_nobody_notices(
    settings: Settings, installation: Installation, acme: TestPortal
) -> None:
    if len(settings.datacentres) == 1:
        pytest.skip("the box has one web node")
    work = Work(acme)
    writers = [asyncio.create_task(work.write()) for _ in range(4)]
    await asyncio.sleep(1)
    await kill(installation, "portal-1")
    started = time.monotonic()
    async with asyncio.timeout(BACK_WITHIN_SECONDS + TRAFFIC_WITHIN_SECONDS):
        await until_all_healthy(installation)
        healthy = time.monotonic()
        url = node_urls(settings, acme.home_dc)[0]
        while await requests_served(url) == 0:
            await asyncio.sleep(0.1)
    work.running = False
    await asyncio.gather(*writers)
    assert time.monotonic() - healthy <= TRAFFIC_WITHIN_SECONDS
    assert len(work.acknowledged) > 20, f"in {time.monotonic() - started:.1f} s"
    assert await work.lost() == []
    assert work.refused == []


async def test_a_dead_memcached_costs_no_error(
    installation: Installation, acme: TestPortal
) -> None:
    await kill(installation, "memcached")
    answers = [(await acme.client.get("/api/v1/me")).status_code for _ in range(60)]
    assert set(answers) == {200}
    await until_all_healthy(installation)


@pytest.mark.feature("ARCH-33")
async def test_each_database_is_master_of_the_other_and_both_lags_are_shown(
    settings: Settings, installation: Installation, acme: TestPortal, beta: TestPortal
) -> None:
    if len(settings.datacentres) == 1:
        pytest.skip("the box has one database")
    sabotage = Saboteur(installation)
    for portal in (acme, beta):
        name = f"Отдел {secrets.token_hex(6)}"
        made = await portal.client.post("/api/v1/departments", json={"name": name})
        statement = "SELECT id FROM departments WHERE portal_id = %s AND name = %s"
        async with asyncio.timeout(10):
            for site in settings.datacentres:
                while not sabotage.query(site.name, statement, portal.id, name):
                    await asyncio.sleep(0.05)
                assert sabotage.query(site.name, statement, portal.id, name) == [
                    (made.json()["id"],)
                ]
    pairs = (await asyncio.to_thread(status.read, installation)).to_json()["pairs"]
    assert [p["mode"] for p in pairs] == ["SYNC"]
    assert all(p["lag_ms"] is not None and p["lag_ms"] < 1000 for p in pairs)
