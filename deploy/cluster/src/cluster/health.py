"""Asks processes whether they are healthy, and waits until they are."""

import socket
import time
from collections.abc import Callable, Sequence

import httpx
import pymysql

from cluster.errors import ClusterError
from cluster.layout import Layout
from cluster.programs import Program
from cluster.supervisor import Supervisor
from kernel import secrets

PROBE_SECONDS = 2


class Health:
    """Probes programs; one client for all of them."""

    def __init__(self, layout: Layout, supervisor: Supervisor) -> None:
        self._layout = layout
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
        kind, _, address = program.probe.partition("://")
        try:
            match kind:
                case "":
                    return True
                case "tcp":
                    socket.create_connection(_split(address), PROBE_SECONDS).close()
                    return True
                case "mysql":
                    return self._takes_a_session(address)
                case _:
                    return self._client.get(program.probe).is_success
        except (OSError, httpx.TransportError, pymysql.Error):
            return False

    def _takes_a_session(self, address: str) -> bool:
        host, port = _split(address)
        pymysql.connect(
            host=host,
            port=port,
            user="portico_monitor",
            password=secrets.load(self._layout.settings.secrets_dir, "operator")[
                "monitor_password"
            ],
            connect_timeout=PROBE_SECONDS,
            read_timeout=PROBE_SECONDS,
        ).close()
        return True


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)


def wait_while(reason: Callable[[], str], seconds: float) -> None:
    """Wait until ``reason`` has nothing left to say; raise with its last words when time is up."""
    deadline = time.monotonic() + seconds
    while words := reason():
        if time.monotonic() > deadline:
            raise ClusterError(f"after {seconds:.0f} s: {words}")
        time.sleep(0.1)
