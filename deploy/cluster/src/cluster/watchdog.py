"""``python -m cluster.watchdog``: replaces processes of ours that hang, lie, or grow without end.

It asks whether a process lives, not whether it can serve: a dead database or a cut link must not cost a
single process. Databases and etcd are the failover's business. At the front door it also measures how long
the certificate is good for.
"""

import asyncio
import logging
import os
import time
from functools import partial
from pathlib import Path

import httpx
import psutil
from prometheus_client import Gauge, start_http_server

from cluster import certificate
from cluster.layout import Layout
from cluster.patience import Condition, Look, Patience
from cluster.programs import Program, all_programs
from cluster.supervisor import Supervisor
from kernel import settings
from telemetry import logs

LOOK_SECONDS = 2.0
PAUSE_SECONDS = 2.0
ALIVE = b'{"status":"ok"}'

_log = logging.getLogger(__name__)


class Watchdog:
    """The watchdog of one site. Whoever cannot reach supervisord ends, and is started anew by it."""

    def __init__(self, layout: Layout, site: str, client: httpx.AsyncClient) -> None:
        self._programs = [p for p in all_programs(layout) if p.site.name == site and p.liveness]
        self._memory_bytes = layout.settings.limits.service_memory_bytes
        self._supervisor = Supervisor(layout)
        self._client = client
        self._patience = Patience()

    async def look_around(self) -> None:
        """Look once at every process that should answer, and replace at most one."""
        states = await asyncio.to_thread(self._supervisor.states)
        running = [(p, states[p.full_name]) for p in self._programs]
        looks = await asyncio.gather(
            *(self._look(p, state.pid) for p, state in running if state.state == "RUNNING")
        )
        # this clock goes on while the machine sleeps
        chosen = self._patience.choose(looks, time.clock_gettime(time.CLOCK_BOOTTIME))
        if chosen is not None:
            await asyncio.to_thread(self._replace, chosen)

    async def _look(self, program: Program, pid: int) -> Look:
        found = partial(Look, program.full_name, pid)
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                answer = await self._client.get(program.liveness)
        except httpx.ConnectError:
            return found(Condition.DEAF, "takes no connections")
        except (TimeoutError, httpx.HTTPError) as error:
            return found(Condition.WRONG, f"does not answer: {type(error).__name__}")
        if answer.status_code != httpx.codes.OK or answer.content != ALIVE:
            return found(Condition.WRONG, f"answers wrongly: {answer.status_code}")
        if (used := _memory_bytes(pid)) > self._memory_bytes:
            return found(Condition.LARGE, f"uses {used >> 20} MiB")
        return found(Condition.WELL)

    def _replace(self, look: Look) -> None:
        """End the process; supervisord starts another. One that hangs would not hear a request to end."""
        if self._supervisor.states()[look.name].pid != look.pid:
            return  # somebody was faster
        about = {"program": look.name, "ended_pid": look.pid, "why": look.why}
        _log.warning("a process is replaced", extra=about)
        self._supervisor.signal(look.name, "TERM" if look.condition is Condition.LARGE else "KILL")


def _memory_bytes(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


async def watch(layout: Layout, site: str) -> None:
    """Look around for ever."""
    fresh = httpx.Limits(max_keepalive_connections=0)  # whether it still accepts counts, too
    async with httpx.AsyncClient(trust_env=False, limits=fresh) as client:
        watchdog = Watchdog(layout, site, client)
        while True:
            await watchdog.look_around()
            await asyncio.sleep(PAUSE_SECONDS)


def main() -> None:
    """Watch the site that the environment names."""
    site = os.environ["PORTICO_SITE"]
    logs.configure("watchdog", site, os.environ["PORTICO_NODE"])
    layout = Layout(settings.load(), Path(os.environ[settings.SETTINGS_VARIABLE]))
    _expose(layout, site)
    asyncio.run(watch(layout, site))


def _expose(layout: Layout, site: str) -> None:
    """Serve ``/metrics``, in a thread of its own."""
    if site == layout.settings.shared_site:
        ends = Gauge("door_certificate_expiry_timestamp_seconds", certificate.ends_at.__doc__ or "")
        ends.set_function(partial(certificate.ends_at, layout))
    start_http_server(layout.settings.ports.watchdog, layout.settings.site(site).address)


if __name__ == "__main__":
    main()
