"""Web nodes are expendable, shown at length: ``make endurance``."""

import asyncio
import itertools
import random
import time

import pytest

from kernel.settings import Settings
from testkit.harm import Harm
from testkit.portals import TestPortal, node_urls
from testkit.work import Work

KILLS = 100
CHAOS_SECONDS = 600
KILL_EVERY_SECONDS = 20
JUDGING_SECONDS = 1200  # all that was written is read again


@pytest.mark.timeout(900)
@pytest.mark.feature("ARCH-05")
async def test_a_hundred_kills_log_nobody_out(
    settings: Settings, harm: Harm, acme: TestPortal
) -> None:
    """Each time the node that served the session dies, the next request, elsewhere, is logged in."""
    nodes = [(s.name, n) for s in settings.datacentres for n in range(1, s.web_nodes + 1)]
    assert len(nodes) > 1, "one web node cannot stand in for itself"
    for number, (site, node) in zip(range(KILLS), itertools.cycle(nodes)):  # the cycle has no end
        async with acme.at(node_urls(settings, site)[node - 1]) as there:
            assert (await there.get("/api/v1/me")).status_code == 200, number
        await harm.kill(f"portal-{node}", site)
        answer = await acme.client.get("/api/v1/me")
        assert answer.status_code == 200, (number, answer.status_code, answer.text)
        await harm.until_all_healthy()


@pytest.mark.timeout(CHAOS_SECONDS + JUDGING_SECONDS)
@pytest.mark.feature("ARCH-23")
async def test_ten_minutes_of_random_kills_lose_nothing(
    settings: Settings, harm: Harm, acme: TestPortal
) -> None:
    chance = random.Random(1)  # noqa: S311  # the same order of kills each time
    nodes = [(s.name, n) for s in settings.datacentres for n in range(1, s.web_nodes + 1)]
    work = Work(acme)
    work.start(writers=2, uploaders=1)
    ends = time.monotonic() + CHAOS_SECONDS
    while time.monotonic() < ends:
        await asyncio.sleep(KILL_EVERY_SECONDS)
        site, node = chance.choice(nodes)
        await harm.kill(f"portal-{node}", site)
    await work.stop()
    await harm.until_all_healthy()
    assert await work.lost() == []
    assert work.logouts == 0
    assert len(work.failures) / work.requests < 0.001, work.failures
