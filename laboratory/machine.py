"""The processes of the laboratory's cluster: found, killed, frozen, held, and started again."""

import asyncio
import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cluster.errors import ClusterError
from cluster.health import Health
from cluster.layout import Layout
from cluster.programs import Program, all_programs
from cluster.supervisor import ProcessState, Supervisor
from kernel import settings
from laboratory.errors import LaboratoryError

HOLD_SECONDS = 20.0
HEALTHY_SECONDS = 90.0


class Machine:
    """Somebody with a shell on every machine of the installation."""

    def __init__(self, file: Path) -> None:
        self.settings = settings.load(file)
        self.layout = Layout(self.settings, file.resolve())
        self.programs = {p.full_name: p for p in all_programs(self.layout)}
        self._supervisor = Supervisor(self.layout)
        self._health = Health(self.layout, self._supervisor)

    def named(self, name: str, *sites: str) -> list[str]:
        """Return the full names of the programs of a kind: ``portal`` are portal-1 and portal-2."""
        wanted = sites or tuple(s.name for s in self.settings.sites)
        return [
            full
            for full, p in self.programs.items()
            if p.site.name in wanted and (p.name == name or p.name.rpartition("-")[0] == name)
        ]

    def at(self, site: str) -> list[str]:
        """Return the full names of all programs of a site."""
        return [full for full, p in self.programs.items() if p.site.name == site]

    async def pid(self, full_name: str) -> int:
        """Return the process id, 0 if it does not run."""
        states = await asyncio.to_thread(self._supervisor.states)
        return states[full_name].pid

    async def kill(self, full_name: str) -> float:
        """``kill -9``; return when. The supervisor starts it again."""
        pid = await self.pid(full_name)
        now = time.monotonic()
        _kill(pid)
        return now

    async def kill_and_hold(self, names: Sequence[str]) -> float:
        """``kill -9`` all of them in one breath, and let none come back; return when."""
        states = await asyncio.to_thread(self._supervisor.states)
        now = time.monotonic()
        for name in names:
            _kill(states[name].pid)
        await asyncio.to_thread(self._hold, names)
        return now

    async def start(self, names: Sequence[str]) -> None:
        """Start those that do not run."""
        await asyncio.to_thread(self._supervisor.start, names)

    async def stop(self, names: Sequence[str], seconds: float = 70.0) -> None:
        """Ask them to end, and wait."""
        await asyncio.to_thread(self._supervisor.stop, names, seconds)

    async def freeze(self, full_name: str) -> int:
        """Stop a process where it stands (SIGSTOP); return its id for ``thaw``."""
        pid = await self.pid(full_name)
        if not pid:
            raise LaboratoryError(f"{full_name} does not run, so it cannot be frozen")
        os.kill(pid, signal.SIGSTOP)
        return pid

    def thaw(self, pid: int) -> None:
        """Let a frozen process go on; one that died meanwhile stays dead."""
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    async def until_healthy(self, seconds: float = HEALTHY_SECONDS) -> None:
        """Wait until every process runs and answers well."""
        await asyncio.to_thread(self._health.wait, list(self.programs.values()), seconds)

    def program(self, full_name: str) -> Program:
        """Return what is known of a program."""
        return self.programs[full_name]

    def _hold(self, names: Sequence[str]) -> None:
        """Tell the supervisor to let the dead rest.

        It may not have noticed yet, or may be starting the next one: ask until it says so itself. What
        it started meanwhile is killed too, so that nobody gets the time to end in good order.
        """
        deadline = time.monotonic() + HOLD_SECONDS
        while restless := _restless(self._supervisor.states(), names):
            for state in restless:
                with suppress(
                    ClusterError
                ):  # between two states, or still ending: the next round asks
                    self._supervisor.stop([state.full_name], 0)
                _kill(state.pid)
            if time.monotonic() > deadline:
                raise LaboratoryError(f"these do not stay down: {restless}")
            time.sleep(0.01)


def _restless(states: Mapping[str, ProcessState], names: Sequence[str]) -> list[ProcessState]:
    return [states[name] for name in names if states[name].lives or states[name].state == "EXITED"]


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        if pid:
            os.kill(pid, signal.SIGKILL)
