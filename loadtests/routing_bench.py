"""Measures routes against their promises: ``python -m loadtests.routing_bench``.

Real etcd on three sites, real routing services on two, four nodes in processes of their own, 100,000
portals. Ends non-zero if a promise is broken.
"""

import asyncio
import gc
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

import etcd
from etcd import Put
from routes import RouteMap
from testkit import routing
from testkit.etcd import Cluster
from testkit.routing import TOKEN, Installation
from web.server import GC_THRESHOLDS

PORTALS = 100_000
NODES = 4
CHANGES = 400
CHANGES_PER_SECOND = 20
LOOKUPS = 200_000
TXN_PUTS = 100
WATCHED = 1
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table; ``is_kept`` is ``None`` where nothing was promised."""

    what: str
    measured: str
    promise: str = ""
    is_kept: bool | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """A node process, and where it says when it saw an epoch."""

    process: asyncio.subprocess.Process
    seen_at: dict[int, float]


def main() -> None:
    """Run everything and print the table."""
    with (
        tempfile.TemporaryDirectory(prefix="routing-bench-") as directory,
        routing.running(Path(directory)) as (installation, cluster),
    ):
        results = asyncio.run(measured(installation, cluster))
    width = max(len(result.what) for result in results)
    for result in results:
        verdict = {None: "", True: "kept", False: "BROKEN"}[result.is_kept]
        print(f"{result.what:<{width}}  {result.measured:<44} {result.promise:<12} {verdict}")
    sys.exit(any(result.is_kept is False for result in results))


async def measured(installation: Installation, cluster: Cluster) -> list[Result]:
    """Fill the directory, then measure."""
    filling = await fill(cluster)
    results = [Result("portals written to etcd, by 100 in one txn", f"{filling:.0f}/s")]
    results += await memory(installation)
    results += await propagation(installation)
    async with RouteMap.follow(installation.urls, TOKEN) as routes:
        started = time.perf_counter()
        await routes.wait_until_loaded()
        seconds = time.perf_counter() - started
        results.append(Result(f"a node reads {len(routes):,} routes", f"{seconds:.2f} s"))
        results += await lookups(routes, installation, cluster)
    return results


async def fill(cluster: Cluster) -> float:
    """Write the portals, and return how many a second."""
    started = time.perf_counter()
    async with etcd.connect(cluster.urls) as client:
        for first in range(1, PORTALS + 1, TXN_PUTS):
            numbers = range(first, first + TXN_PUTS)
            puts = [Put(f"portal/{_id(n)}", _portal(n)) for n in numbers]
            await client.txn([], puts)
    seconds = time.perf_counter() - started
    return PORTALS / seconds


async def memory(installation: Installation) -> list[Result]:
    """Start a node that counts its allocations."""
    async with started("traced", installation.urls) as process:
        said = await _said(process)
    size = said["traced_bytes"] / MIB
    return [Result(f"memory of {PORTALS:,} routes, tracemalloc", f"{size:.1f} MiB")]


async def propagation(installation: Installation) -> list[Result]:
    """Change one portal again and again, and see when each node knows."""
    async with AsyncExitStack() as stack:
        nodes, rss = [], []
        for number in range(NODES):
            urls = installation.urls[:: -1 if number % 2 else 1]
            process = await stack.enter_async_context(started(str(_id(WATCHED)), urls))
            rss.append((await _said(process))["rss_bytes"] / MIB)
            node = Node(process, {})
            nodes.append(node)
            listening = asyncio.create_task(_listen(node))
            stack.callback(listening.cancel)
        asked_at, written_at = await change(installation)
        await asyncio.sleep(1)  # a node that has not seen it by now has broken the promise
    epochs = sorted(asked_at)
    lost = sum(epoch not in node.seen_at for node in nodes for epoch in epochs)
    seen_at = {e: max(node.seen_at.get(e, float("inf")) for node in nodes) for e in epochs}
    from_request = [seen_at[e] - asked_at[e] for e in epochs]
    from_answer = [seen_at[e] - written_at[e] for e in epochs]
    writing = [written_at[e] - asked_at[e] for e in epochs]
    p99 = percentile(from_request, 0.99)
    what = f"a changed route known to {NODES} nodes"
    return [
        Result(
            f"memory of {PORTALS:,} routes, RSS of a node", f"{min(rss):.1f}-{max(rss):.1f} MiB"
        ),
        Result(f"{what}, from the request", _ms(from_request), "p99 100 ms", p99 <= 0.1),
        Result(f"{what}, from its answer", _ms(from_answer)),
        Result("the write itself (PATCH)", _ms(writing)),
        Result(f"changes of {len(epochs)} not seen by a node", str(lost), "0", lost == 0),
    ]


async def change(installation: Installation) -> tuple[dict[int, float], dict[int, float]]:
    """Raise the epoch of one portal at a steady pace; return when each was asked and written."""
    asked_at, written_at = {}, {}
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with aiohttp.ClientSession(installation.urls[0], headers=headers) as session:
        path = f"/v1/portals/{_id(WATCHED)}"
        async with session.get(path) as answer:
            portal = await answer.json()
        begun = time.monotonic()
        for number in range(CHANGES):
            await asyncio.sleep(max(0.0, begun + number / CHANGES_PER_SECOND - time.monotonic()))
            epoch = portal["epoch"] + 1
            asked_at[epoch] = time.monotonic()
            wanted = {"revision": portal["revision"], "epoch": epoch}
            async with session.patch(path, json=wanted) as answer:
                answer.raise_for_status()
                portal = await answer.json()
            written_at[epoch] = time.monotonic()
    return asked_at, written_at


async def lookups(routes: RouteMap, installation: Installation, cluster: Cluster) -> list[Result]:
    """Time single look-ups beside a bare dictionary, with everything else frozen."""
    labels = [f"company-{n}" for n in random.choices(range(1, PORTALS + 1), k=LOOKUPS)]  # noqa: S311
    bare = {f"company-{n}": n for n in range(1, PORTALS + 1)}
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    frozen = [*cluster.members, *installation.services.values()]
    for process in frozen:
        process.freeze()
    floor, found = timed(bare.get, labels), timed(routes.find, labels)
    resolved, missing = [], 0
    for label in labels:
        started = time.perf_counter_ns()
        route = await routes.resolve(label)
        resolved.append((time.perf_counter_ns() - started) / 1e9)
        missing += route is None
    for process in frozen:
        process.thaw()
    ratio = sum(found) / sum(floor)
    p99 = percentile(resolved, 0.99)
    whole = f"{LOOKUPS:,} resolves with etcd and routing frozen: not found"
    return [
        Result("look-up in a bare dict (the clock's share)", _us(floor)),
        Result("find: cached, without await", _us(found)),
        Result("resolve: cached", _us(resolved), "p99 50 us", p99 <= 50e-6),
        Result("find / bare dict, sums", f"{ratio:.1f} x"),
        Result(
            f"find / bare dict, without the clock ({LOOKUPS:,} in a loop)",
            pure(routes, bare, labels),
        ),
        Result(whole, str(missing), "0", missing == 0),
    ]


def timed(look_up: Callable[[str], object], labels: Sequence[str]) -> list[float]:
    """Return the seconds of each call."""
    seconds = []
    for label in labels:
        started = time.perf_counter_ns()
        look_up(label)
        seconds.append((time.perf_counter_ns() - started) / 1e9)
    return seconds


def pure(routes: RouteMap, bare: dict[str, int], labels: Sequence[str]) -> str:
    """Return the cost of one call of each, timed as a whole."""
    spent = []
    for look_up in (routes.find, bare.get):
        started = time.perf_counter()
        for label in labels:
            look_up(label)
        spent.append((time.perf_counter() - started) / len(labels) * 1e6)
    found, floor = spent
    return f"{found:.2f} us / {floor:.2f} us = {found / floor:.1f} x"


@asynccontextmanager
async def started(portal: str, urls: Sequence[str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a node, and end it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "loadtests.routing_node", portal, *urls, stdout=subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _listen(node: Node) -> None:
    while True:
        said = await _said(node.process)
        # who knows an epoch knows those before it, even if it never looked in between
        for epoch in range(max(node.seen_at, default=0) + 1, int(said["epoch"]) + 1):
            node.seen_at[epoch] = said["seen_at"]


async def _said(process: asyncio.subprocess.Process) -> dict[str, float]:
    assert process.stdout is not None  # noqa: S101  # a pipe was asked for
    said: dict[str, float] = json.loads(await process.stdout.readline())
    return said


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that ``share`` of them do not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def _id(number: int) -> int:
    """Return an id as large as real ones are, and always the same."""
    return number * 0x9E3779B97F4A7C15 % 2**63


def _portal(number: int) -> bytes:
    place = '"pair":1,"home":"dc-a","epoch":1,"state":"active"'
    created = '"created_at":"2026-11-21T20:14:13.233119+00:00"'
    return f'{{"id":"{_id(number)}","host":"company-{number}",{place},{created}}}'.encode()


def _ms(seconds: Sequence[float]) -> str:
    return _spread(seconds, 1e3, "ms", 1)


def _us(seconds: Sequence[float]) -> str:
    return _spread(seconds, 1e6, "us", 2)


def _spread(seconds: Sequence[float], factor: float, unit: str, digits: int) -> str:
    shares = (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
    told = (f"{name} {percentile(seconds, s) * factor:.{digits}f}" for name, s in shares)
    return f"{' '.join(told)} {unit}"


if __name__ == "__main__":
    main()
