"""Web nodes and balancers break, alone and together; clients go on, and nobody has to mend anything."""

import asyncio
import csv
import os
import resource
import signal
import time
from collections.abc import Collection, Mapping, Sequence

import httpx
import pytest

from kernel.settings import Settings
from testkit.harm import Harm
from testkit.portals import TestPortal, node_urls
from testkit.work import Work

# five seconds are promised, and four may pass, on a machine with time to spare; a test run's has none
OUT_SECONDS, REPLACED_SECONDS = 10.0, 30.0
NODES = ("portal-1", "portal-2")
WRITERS = 2
ME = "/api/v1/me"


@pytest.fixture(autouse=True)
def two_of_each(settings: Settings) -> None:
    if len(settings.datacentres) == 1:
        pytest.skip("the box has one balancer and one web node")


@pytest.fixture
def dc(acme: TestPortal) -> str:
    """The datacentre that is harmed: it serves our portal."""
    return acme.home_dc


async def in_balance(settings: Settings, dc: str) -> Collection[str]:
    """Return the web nodes to which the balancer of a datacentre sends requests."""
    rows = await stats(settings, dc)
    return {row["svname"] for row in rows if row["status"].startswith("UP")} & set(NODES)


async def times_out(settings: Settings, dc: str) -> Mapping[str, int]:
    """Return how often the balancer has taken each web node out."""
    rows = await stats(settings, dc)
    return {row["svname"]: int(row["chkdown"]) for row in rows if row["svname"] in NODES}


async def stats(settings: Settings, dc: str) -> Sequence[Mapping[str, str]]:
    """Return what the balancer of a datacentre tells of its web nodes."""
    url = f"http://{settings.site(dc).address}:{settings.ports.balancer_stats}/;csv"
    async with httpx.AsyncClient(trust_env=False) as client:
        table = (await client.get(url)).text.removeprefix("# ")
    return [row for row in csv.DictReader(table.splitlines()) if row["pxname"] == "nodes"]


async def seconds_until(settings: Settings, dc: str, node: str, *, is_in: bool) -> float:
    """Wait until the balancer has taken a node in, or out."""
    began = time.monotonic()
    async with asyncio.timeout(REPLACED_SECONDS):
        while (node in await in_balance(settings, dc)) != is_in:
            await asyncio.sleep(0.05)
    return time.monotonic() - began


@pytest.mark.feature("ARCH-21")
async def test_when_all_web_nodes_of_a_datacentre_are_killed_new_ones_serve(
    settings: Settings, harm: Harm, acme: TestPortal, dc: str
) -> None:
    before, known = await harm.pids(*NODES), await times_out(settings, dc)
    began = time.monotonic()
    for node in NODES:
        os.kill(before[dc, node], signal.SIGKILL)

    async with asyncio.timeout(REPLACED_SECONDS):
        # it counts: the moment in which they are out may pass before we look
        while not all(now > known[node] for node, now in (await times_out(settings, dc)).items()):
            await asyncio.sleep(0.1)
        while await in_balance(settings, dc) != set(NODES):
            await asyncio.sleep(0.1)
    for url in node_urls(settings, dc):
        async with acme.at(url) as client:
            assert (await client.get(ME)).status_code == httpx.codes.OK
    seconds = time.monotonic() - began

    assert seconds <= REPLACED_SECONDS
    after = await harm.pids(*NODES)
    assert not {after[dc, n] for n in NODES} & {before[dc, n] for n in NODES}


@pytest.mark.feature("ARCH-15", "ARCH-22")
async def test_a_web_node_that_hangs_is_taken_out_and_replaced_while_people_work(
    settings: Settings, harm: Harm, acme: TestPortal, dc: str
) -> None:
    work = Work(acme)
    work.start(writers=WRITERS)
    await asyncio.sleep(0.5)
    before = await harm.pids(*NODES)
    began = time.monotonic()
    os.kill(before[dc, "portal-1"], signal.SIGSTOP)

    out = await seconds_until(settings, dc, "portal-1", is_in=False)
    await seconds_until(settings, dc, "portal-1", is_in=True)
    replaced = time.monotonic() - began
    await work.stop()

    assert out <= OUT_SECONDS
    assert replaced <= REPLACED_SECONDS
    after = await harm.pids(*NODES)
    assert after[dc, "portal-1"] != before[dc, "portal-1"]
    assert after[dc, "portal-2"] == before[dc, "portal-2"]
    assert await work.lost() == []
    assert len(work.failures) <= WRITERS, work.failures  # no more than were in flight


@pytest.mark.feature("ARCH-22")
async def test_a_full_disk_breaks_no_web_node(
    settings: Settings, harm: Harm, acme: TestPortal, dc: str
) -> None:
    """Every write of the node to a file fails from here on; it needs none."""
    pid = (await harm.pids("portal-2"))[dc, "portal-2"]
    limits = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        async with acme.at(node_urls(settings, dc)[1]) as node:
            lead = await node.post("/api/v1/crm/leads", json={"title": "Диск полон"})
            content = os.urandom(2_000_000)
            file = await node.post("/api/v1/drive/files?name=full.bin", content=content)
            back = await node.get(f"/api/v1/drive/files/{file.json()['id']}/content?redirect=false")
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)

    assert (lead.status_code, file.status_code) == (201, 201)
    assert back.content == content
    await seconds_until(settings, dc, "portal-2", is_in=True)
    assert (await harm.pids("portal-2"))[dc, "portal-2"] == pid


@pytest.mark.feature("ARCH-15")
async def test_a_balancer_dies_and_a_web_node_is_drained_and_clients_go_on(
    settings: Settings, harm: Harm, acme: TestPortal, beta: TestPortal, dc: str
) -> None:
    works = [Work(acme), Work(beta)]
    for work in works:
        work.start(writers=WRITERS)
    await asyncio.sleep(0.5)

    before = await harm.pids("haproxy")
    assert await harm.kill("haproxy", dc) == 1
    async with asyncio.timeout(REPLACED_SECONDS):
        while (await harm.pids("haproxy")).get((dc, "haproxy")) in {None, before[dc, "haproxy"]}:
            await asyncio.sleep(0.1)
    await harm.until_all_healthy()
    await asyncio.sleep(3)  # and the front door has taken it in again, or goes round it
    in_flight = [list(work.failures) for work in works]
    await harm.restart(dc, "portal-1")
    await seconds_until(settings, dc, "portal-1", is_in=True)
    for work in works:
        await work.stop()

    assert [await work.lost() for work in works] == [[], []]
    assert all(len(failures) <= WRITERS for failures in in_flight), in_flight
    drained = [work.failures[len(f) :] for work, f in zip(works, in_flight, strict=True)]
    assert drained == [[], []]
    await harm.until_all_healthy()
