"""A process whose clock is wrong: a stand-in with the same command and environment, under libfaketime."""

import asyncio
import subprocess
from pathlib import Path

import psutil

from laboratory.errors import LaboratoryError
from laboratory.machine import Machine

LIBRARY = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
PACKAGE = "libfaketime"
MEMORY = Path("/dev/shm")  # noqa: S108  # where the library keeps what its processes share
END_SECONDS = 30


class StandIn:
    """Runs a program in the supervisor's place, ``seconds`` ahead of (or behind) everybody."""

    def __init__(self, machine: Machine, full_name: str, seconds: int) -> None:
        self._machine = machine
        self._name = full_name
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Stop the right one and start the wrong one."""
        if not await asyncio.to_thread(LIBRARY.exists):
            raise LaboratoryError(f"the Debian package {PACKAGE} is missing")
        right = psutil.Process(await self._machine.pid(self._name))
        environment = {
            **right.environ(),
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME": f"{self._seconds:+d}s",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        log = self._machine.layout.log / f"{self._name.replace(':', '-')}-stand-in.log"
        folder = right.cwd()
        await self._machine.stop([self._name])
        with log.open("ab") as said:
            self._process = subprocess.Popen(
                self._machine.program(self._name).start, env=environment, cwd=folder, stderr=said
            )

    async def end(self) -> None:
        """End the stand-in and start the right one."""
        if self._process is not None:
            self._process.terminate()
            try:
                await asyncio.to_thread(self._process.wait, END_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                await asyncio.to_thread(self._process.wait)
            _clean_up_after(self._process.pid)
        await self._machine.start([self._name])


def _clean_up_after(pid: int) -> None:
    """Remove what the library leaves of a process that was killed."""
    for name in (f"faketime_shm_{pid}", f"sem.faketime_sem_{pid}"):
        (MEMORY / name).unlink(missing_ok=True)
