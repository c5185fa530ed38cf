"""Killing processes of the running cluster and waiting until they are back."""

import asyncio
import os
import signal
from collections.abc import Sequence

import pytest

from console import processes
from console.installation import Installation
from console.processes import Process
from kernel.settings import Settings

BACK_WITHIN_SECONDS = 20


class Harm:
    """Somebody with ``kill -9`` on the machine of the cluster under test."""

    def __init__(self, settings: Settings) -> None:
        self.installation = Installation(settings)

    async def processes(self) -> Sequence[Process]:
        """Return all processes as the operator sees them."""
        return await asyncio.to_thread(processes.read, self.installation)

    async def kill(self, name: str, dc: str | None = None) -> int:
        """Kill the processes of a name, in one site or everywhere; return how many."""
        hit = [p for p in await self.processes() if p.name == name and dc in {None, p.dc} and p.pid]
        for process in hit:
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
        return len(hit)

    async def until_all_healthy(self) -> None:
        """Wait; raises ``TimeoutError``."""
        async with asyncio.timeout(BACK_WITHIN_SECONDS):
            while not all(p.healthy for p in await self.processes()):
                await asyncio.sleep(0.3)


@pytest.fixture
def harm(settings: Settings) -> Harm:
    """Kills processes of the cluster under test; use it last in a test's cluster, or heal."""
    return Harm(settings)
