"""One node of ``loadtests.routing_bench``: holds all routes, tells what they weigh and when one changed.

``python -m loadtests.routing_node PORTAL URL...`` prints lines of JSON.
"""

import asyncio
import json
import sys
import time
import tracemalloc
from pathlib import Path

from kernel.ids import PortalId
from routes import RouteMap
from testkit.routing import TOKEN

KIB = 1024
WAIT_SECONDS = 60.0


async def node(watched: PortalId, urls: list[str]) -> None:
    """Follow the routing services; say what was loaded, then each new epoch of one portal."""
    rss = _rss_bytes()
    async with RouteMap.follow(urls, TOKEN) as routes:
        await routes.wait_until_loaded()
        _say(loaded=len(routes), rss_bytes=_rss_bytes() - rss)
        known = None
        while True:
            route = await routes.opened(watched, WAIT_SECONDS, stale=known)
            seen_at = time.monotonic()
            if route is not None:
                known = route
                _say(epoch=route.epoch, seen_at=seen_at)


async def traced(urls: list[str]) -> None:
    """Say how much the interpreter itself counts for the routes; slow, and so done apart."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    async with RouteMap.follow(urls, TOKEN) as routes:
        await routes.wait_until_loaded()
        after, _ = tracemalloc.get_traced_memory()
        _say(loaded=len(routes), traced_bytes=after - before)


def _say(**values: float) -> None:
    print(json.dumps(values), flush=True)


def _rss_bytes() -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (line,) = (line for line in lines if line.startswith("VmRSS:"))
    return int(line.split()[1]) * KIB


if __name__ == "__main__":
    portal, *services = sys.argv[1:]
    work = traced(services) if portal == "traced" else node(PortalId(int(portal)), services)
    asyncio.run(work)
