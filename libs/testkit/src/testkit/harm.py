"""Killing and stopping processes of the running cluster, and waiting until they are back."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress

import pytest

from console import processes, supervisor
from console.installation import Installation
from console.processes import Process
from kernel.settings import Settings

BACK_WITHIN_SECONDS = 40  # half of it and less on a quiet machine
STOPPED_WITHIN_SECONDS = 30


class Harm:
    """Somebody with ``kill -9`` on the machine of the cluster under test."""

    def __init__(self, settings: Settings) -> None:
        self.installation = Installation(settings)

    async def processes(self) -> Sequence[Process]:
        """Return all processes as the operator sees them."""
        return await asyncio.to_thread(processes.read, self.installation)

    async def kill(self, name: str, dc: str | None = None) -> int:
        """Kill the processes of a name, in one site or everywhere; return how many."""
        hit = [pid for (site, _), pid in (await self.pids(name)).items() if dc in {None, site}]
        for pid in hit:
            with suppress(ProcessLookupError):  # it ended by itself just now
                os.kill(pid, signal.SIGKILL)
        return len(hit)

    async def pids(self, *names: str) -> Mapping[tuple[str, str], int]:
        """Return who runs under these names: site and name -> process id."""
        running = await asyncio.to_thread(supervisor.read, self.installation)
        return {key: p.pid for key, p in running.items() if p.name in names and p.pid}

    async def restart(self, dc: str, name: str) -> None:
        """Ask a process to end, wait until it has, and start another without waiting for it."""
        full_name = f"{dc}:{name}"
        await self._order("supervisor.stopProcess", full_name)
        async with asyncio.timeout(STOPPED_WITHIN_SECONDS):
            while (dc, name) in await self.pids(name):
                await asyncio.sleep(0.1)
        await self._order("supervisor.startProcess", full_name)

    async def until_all_healthy(self) -> None:
        """Wait; raises ``TimeoutError``."""
        async with asyncio.timeout(BACK_WITHIN_SECONDS):
            while not all(p.healthy for p in await self.processes()):
                await asyncio.sleep(0.3)

    async def _order(self, method: str, full_name: str) -> None:
        """Tell supervisord, without waiting for the end."""
        await asyncio.to_thread(supervisor.call, self.installation, method, full_name, False)


@pytest.fixture
def harm(settings: Settings) -> Harm:
    """Kills processes of the cluster under test; use it last in a test's cluster, or heal."""
    return Harm(settings)
