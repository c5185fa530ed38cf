"""Single processes die; the installation goes on."""

import asyncio
import secrets
import time
from typing import Any

import httpx
import pytest

from console import status
from console.demo.sabotage import Saboteur
from kernel.settings import Settings
from testkit.harm import BACK_WITHIN_SECONDS, Harm
from testkit.portals import TestPortal, node_urls
from testkit.work import Work

TRAFFIC_WITHIN_SECONDS = 10
WRITERS = 4


async def requests_served(url: str) -> float:
    """How many requests of the API a node has answered since it started."""
    async with httpx.AsyncClient(base_url=url) as client:
        lines = (await client.get("/metrics")).text.splitlines()
    counts = [x for x in lines if x.startswith("http_request_seconds_count") and "/api/" in x]
    return sum(float(x.rsplit(" ", 1)[1]) for x in counts)


@pytest.mark.feature("ARCH-07")
async def test_two_of_four_web_nodes_die_under_load_and_nobody_notices(
    settings: Settings, harm: Harm, acme: TestPortal
) -> None:
    if len(settings.datacentres) == 1:
        pytest.skip("the box has one web node")
    work = Work(acme)
    work.start(writers=WRITERS)
    await asyncio.sleep(1)
    assert await harm.kill("portal-1") == 2
    async with asyncio.timeout(BACK_WITHIN_SECONDS + 3 * TRAFFIC_WITHIN_SECONDS):
        await harm.until_all_healthy()
        healthy = time.monotonic()
        while await requests_served(node_urls(settings, acme.home_dc)[0]) == 0:
            await asyncio.sleep(0.1)
        assert time.monotonic() - healthy <= TRAFFIC_WITHIN_SECONDS
        while len(work.leads) <= 20:
            await asyncio.sleep(0.1)
    await work.stop()
    assert await work.lost() == []
    assert len(work.failures) <= WRITERS, work.failures  # no more than were in flight


async def test_a_dead_memcached_costs_no_error(harm: Harm, acme: TestPortal) -> None:
    await harm.kill("memcached")
    answers = [(await acme.client.get("/api/v1/me")).status_code for _ in range(60)]
    assert set(answers) == {200}
    await harm.until_all_healthy()


@pytest.mark.feature("ARCH-33")
async def test_each_database_is_master_of_the_other_and_both_lags_are_shown(
    settings: Settings, harm: Harm, acme: TestPortal, beta: TestPortal
) -> None:
    if len(settings.datacentres) == 1:
        pytest.skip("the box has one database")
    inside = Saboteur(harm.installation)
    for portal in (acme, beta):
        name = f"Отдел {secrets.token_hex(6)}"
        made = await portal.client.post("/api/v1/departments", json={"name": name})
        statement = "SELECT id FROM departments WHERE portal_id = %s AND name = %s"
        async with asyncio.timeout(30):
            for site in settings.datacentres:
                while not (rows := inside.query(site.name, statement, portal.id, name)):
                    await asyncio.sleep(0.05)
                assert rows == [(made.json()["id"],)]
    # a disk that stalls for a second makes either side late, for that second
    async with asyncio.timeout(30):
        while not is_well(pairs := await shown_pairs(harm)):
            await asyncio.sleep(0.5)
    assert [p["mode"] for p in pairs] == ["SYNC"]


async def shown_pairs(harm: Harm) -> list[dict[str, Any]]:
    """Return the pairs as the status shows them."""
    shown = await asyncio.to_thread(status.read, harm.installation)
    pairs: list[dict[str, Any]] = shown.to_json()["pairs"]
    return pairs


def is_well(pairs: list[dict[str, Any]]) -> bool:
    """Tell whether both lags are known and short, and the databases in step."""
    lags = [p["lag_ms"] for p in pairs]
    is_short = all(lag is not None and lag < 1000 for lag in lags)
    return is_short and all(p["mode"] == "SYNC" for p in pairs)
