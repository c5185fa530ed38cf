"""Broken web nodes are taken out by the balancer and replaced: real supervisor, balancers and watchdogs.

Only the web nodes are others: they can be told to break.
"""

import asyncio
import csv
import os
import resource
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from cluster import configuration
from cluster.layout import REPOSITORY, Layout
from cluster.supervisor import Supervisor
from kernel import settings
from testkit import addresses

OUT_SECONDS, REPLACED_SECONDS, READY_SECONDS = 5.0, 30.0, 20.0
MEMORY_BYTES = 300 << 20
NODES = ("dc-a:portal-1", "dc-a:portal-2", "dc-b:portal-1", "dc-b:portal-2")
STARTED = (*NODES, "dc-a:haproxy", "dc-b:haproxy", "dc-a:watchdog", "dc-b:watchdog")
# found before the real package `portal`, by PYTHONPATH
BREAKABLE = """
import asyncio, os
from fastapi import Response
from kernel import settings
from web import app, server

broken, hoard = [], []

async def ready():
    return None

node = app.create("Breakable", lifespan=app.nothing_to_open, ready=ready)

@node.middleware("http")
async def lie(request, answer):
    return Response("nonsense", 500) if broken else await answer(request)

@node.post("/lie")
def lie_from_now_on():
    broken.append("liar")

@node.post("/grow")
def grow():
    hoard.append(b"x" * (400 << 20))

@node.get("/slow")
async def slow():
    await asyncio.sleep(4)
    return {"node": name}

installation, name = settings.load(), os.environ["PORTICO_NODE"]
port = installation.ports.portal + int(name[-1]) - 1
server.run(node, installation.site(os.environ["PORTICO_SITE"]).address, port)
"""


class Stand:
    """Two datacentres of nothing but balancers, web nodes, and watchdogs."""

    def __init__(self, layout: Layout, supervisor: Supervisor, client: httpx.AsyncClient) -> None:
        self.supervisor = supervisor
        self._settings = layout.settings
        self._client = client

    def pid(self, node: str) -> int:
        return self.supervisor.states()[node].pid

    async def tell(self, node: str, what: str) -> None:
        """Ask a node to break itself."""
        dc, name = node.split(":")
        port = self._settings.ports.portal + int(name[-1]) - 1
        url = f"http://{self._settings.site(dc).address}:{port}/{what}"
        (await self._client.post(url)).raise_for_status()

    async def is_in(self, node: str) -> bool:
        """Tell whether the balancer sends requests to the node."""
        dc, name = node.split(":")
        return (await self._row(dc, name))["status"].startswith("UP")

    async def until_busy(self, dc: str, requests: int) -> None:
        """Wait until nodes of a datacentre are at so many requests."""
        async with asyncio.timeout(READY_SECONDS):
            while int((await self._row(dc, "BACKEND"))["scur"]) < requests:  # noqa: ASYNC110  # no event tells
                await asyncio.sleep(0.05)

    async def _row(self, dc: str, name: str) -> dict[str, str]:
        """Return what the balancer tells of one server of ours, or of all."""
        address = f"{self._settings.site(dc).address}:{self._settings.ports.balancer_stats}"
        table = (await self._client.get(f"http://{address}/;csv")).text.removeprefix("# ")
        rows = csv.DictReader(table.splitlines())
        (row,) = (r for r in rows if (r["pxname"], r["svname"]) == ("nodes", name))
        return row

    async def ask(self, dc: str, path: str) -> httpx.Response:
        """Ask a datacentre's balancer, on a connection of one's own."""
        url = self._settings.balancer_url(dc)
        async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
            return await client.get(f"{url}{path}")

    async def until(self, node: str, *, is_in: bool, seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while await self.is_in(node) != is_in:  # noqa: ASYNC110  # no event tells
                await asyncio.sleep(0.05)

    async def until_replaced(self, node: str, pid: int, seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while self.pid(node) in {0, pid}:  # noqa: ASYNC110  # no event tells
                await asyncio.sleep(0.1)
        await self.until(node, is_in=True, seconds=seconds)


@pytest.fixture(scope="module")
async def stand(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stand]:
    layout = installation(tmp_path_factory.mktemp("watched"))
    package = layout.var / "portal"
    for folder in (layout.run, layout.log, package):
        folder.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(BREAKABLE)
    configuration.write(configuration.render(layout))
    supervisor = Supervisor(layout)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cluster.marker._INHERITED", ("PATH", "HOME", "PYTHONPATH"))
        patch.setenv("PYTHONPATH", str(layout.var))
        supervisor.launch()
    try:
        supervisor.start(STARTED)
        async with httpx.AsyncClient(timeout=20, trust_env=False) as client:
            made = Stand(layout, supervisor, client)
            await answering(made)
            yield made
    finally:
        supervisor.shut_down()
        supervisor.close()


def installation(folder: Path) -> Layout:
    """Write settings like those of the tests, at addresses of our own."""
    text = (REPOSITORY / "tests" / "portico.toml").read_text()
    known = ("127.20.0.1", "127.20.1.1", "127.20.2.1", "127.20.3.1")
    for ours, theirs in zip(addresses.private(4), known, strict=True):
        text = text.replace(theirs, ours)
    text = text.replace("../var/test", str(folder / "var"))
    file = folder / "portico.toml"
    file.write_text(f"{text}\nservice_memory_bytes = {MEMORY_BYTES}\n")
    return Layout(settings.load(file), file)


async def answering(stand: Stand) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            for node in NODES:
                await stand.until(node, is_in=True, seconds=READY_SECONDS)
        except httpx.TransportError:  # the balancers start, too
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)
        else:
            return


async def is_replaced(stand: Stand, node: str, fault: str) -> None:
    """Break a node and see it go and another come. One that grows serves until it is asked to end."""
    pid, began = stand.pid(node), time.monotonic()
    match fault:
        case "hang":
            os.kill(pid, signal.SIGSTOP)
        case "out of memory":  # the kernel's way
            os.kill(pid, signal.SIGKILL)
        case _:
            await stand.tell(node, fault)
    if fault != "grow":  # it may be back before the balancer has missed it
        await stand.until(node, is_in=False, seconds=OUT_SECONDS)
    out = time.monotonic() - began
    await stand.until_replaced(node, pid, REPLACED_SECONDS - out)
    print(f"{fault}: out after {out:.1f} s, replaced after {time.monotonic() - began:.1f} s")


@pytest.mark.feature("ARCH-15")
async def test_a_balancer_that_is_stopped_answers_first_what_it_has_begun(stand: Stand) -> None:
    begun = [asyncio.create_task(stand.ask("dc-a", "/slow")) for _ in range(4)]
    await stand.until_busy("dc-a", len(begun))

    await asyncio.to_thread(stand.supervisor.stop, ["dc-a:haproxy"], READY_SECONDS)
    answers = [(await task).json()["node"] for task in begun]
    stand.supervisor.start(["dc-a:haproxy"])

    assert set(answers) == {"portal-1", "portal-2"}
    await answering(stand)


@pytest.mark.feature("ARCH-22")
async def test_broken_web_nodes_are_taken_out_and_replaced_one_after_the_other(
    stand: Stand,
) -> None:
    faults = dict(zip(NODES, ("hang", "out of memory", "lie", "grow"), strict=True))

    await asyncio.gather(*(is_replaced(stand, node, fault) for node, fault in faults.items()))


@pytest.mark.feature("ARCH-22")
async def test_on_a_full_disk_a_dead_web_node_is_replaced_all_the_same(stand: Stand) -> None:
    """What the supervisor and its children write is refused from here on, as on a full disk."""
    for pid in (stand.supervisor.pid(), stand.pid(NODES[0])):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, 0))

    await is_replaced(stand, NODES[0], "out of memory")
