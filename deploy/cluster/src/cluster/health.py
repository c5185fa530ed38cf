"""Asks processes whether they are healthy, and waits until they are."""

import socket
import time
from collections.abc import Callable, Sequence

import httpx

from cluster.errors import ClusterError
from cluster.programs import Program
from cluster.supervisor import Supervisor

PROBE_SECONDS = 2.0


class Health:
    """Probes programs; one client for all of them."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._client = httpx.Client(timeout=PROBE_SECONDS, trust_env=False)

    def sick(self, programs: Sequence[Program]) -> list[Program]:
        """Return those that do not run or do not answer well."""
        states = self._supervisor.states()
        return [p for p in programs if not states[p.full_name].runs or not self._answers(p)]

    def wait(self, programs: Sequence[Program], seconds: float) -> None:
        """Wait until all are healthy, or raise naming those that are not and a log to read."""

        def reason() -> str:
            sick = self.sick(programs)
            if not sick:
                return ""
            log = self._supervisor.states()[sick[0].full_name].log
            return f"{', '.join(p.full_name for p in sick)} not healthy; see {log}"

        wait_while(reason, seconds)

    def _answers(self, program: Program) -> bool:
        kind, _, rest = program.probe.partition("://")
        if kind == "tcp":
            return accepts(rest)
        try:
            return not kind or self._client.get(program.probe).is_success
        except httpx.TransportError:
            return False


def accepts(address: str) -> bool:
    """Whether something accepts connections at ``host:port``."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=PROBE_SECONDS):
            return True
    except OSError:
        return False


def wait_while(reason: Callable[[], str], seconds: float) -> None:
    """Wait until ``reason`` has nothing left to say; raise with its last words when time is up."""
    deadline = time.monotonic() + seconds
    while words := reason():
        if time.monotonic() > deadline:
            raise ClusterError(f"after {seconds:.0f} s: {words}")
        time.sleep(0.1)
