"""Talks to the cluster's supervisord over its unix socket, and starts it."""

import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import httpx

from cluster.errors import ClusterError
from cluster.layout import REPOSITORY, Layout
from cluster.marker import environment

CALL_SECONDS = 10.0
START_SECONDS = 15.0
LIVING = frozenset({"STARTING", "RUNNING", "BACKOFF", "STOPPING"})  # will run, or does not yet rest

# Faults of supervisord that mean "already so"
_ALREADY_STARTED = 60
_NOT_RUNNING = 70


@dataclass(frozen=True)
class ProcessState:
    """What supervisord says of one process; ``pid`` is 0 while there is none."""

    full_name: str
    state: str
    pid: int
    log: str

    @property
    def runs(self) -> bool:
        """Whether there is a process; supervisord calls it RUNNING only a second later."""
        return self.state in {"STARTING", "RUNNING"}

    @property
    def lives(self) -> bool:
        """Whether supervisord runs it or is about to."""
        return self.state in LIVING


class Supervisor:
    """The supervisord of one cluster."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._client = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(layout.supervisor_socket)),
            base_url="http://supervisor",
            timeout=CALL_SECONDS,
        )

    def close(self) -> None:
        """Let go of the socket."""
        self._client.close()

    def is_alive(self) -> bool:
        """Whether supervisord answers."""
        try:
            self._call("supervisor.getPID")
        except ClusterError:
            return False
        return True

    def launch(self) -> None:
        """Start supervisord, detached from this terminal, and wait until it answers."""
        subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-c", self._layout.supervisor_config],
            cwd=REPOSITORY,
            env=environment(self._layout),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + START_SECONDS
        while not self.is_alive():
            if time.monotonic() > deadline:
                log = self._layout.log / "supervisord.log"
                raise ClusterError(f"supervisord does not start; {log} says why")
            time.sleep(0.05)

    def states(self) -> dict[str, ProcessState]:
        """Return the state of every process by its full name."""
        rows = self._call("supervisor.getAllProcessInfo")
        found = (
            ProcessState(f"{r['group']}:{r['name']}", r["statename"], r["pid"], r["logfile"])
            for r in rows
        )
        return {state.full_name: state for state in found}

    def pid(self) -> int:
        """Return the process id of supervisord, from which all others descend."""
        return int(self._call("supervisor.getPID"))

    def start(self, names: Collection[str]) -> None:
        """Start those of the processes that do not run; does not wait for them."""
        states = self.states()
        for name in names:
            if not states[name].lives:
                self._call("supervisor.startProcess", name, False, tolerate=_ALREADY_STARTED)

    def stop(self, names: Collection[str], seconds: float) -> None:
        """Ask the processes to end and wait; supervisord kills one that outlives its own limit."""
        for name in names:
            self._call("supervisor.stopProcess", name, False, tolerate=_NOT_RUNNING)
        deadline = time.monotonic() + seconds
        while any(self.states()[name].lives for name in names):
            if time.monotonic() > deadline:
                raise ClusterError(f"these did not end within {seconds:.0f} s: {', '.join(names)}")
            time.sleep(0.05)

    def signal(self, name: str, word: str) -> None:
        """Send a signal (``KILL``) to one process; nothing happens if it does not run."""
        self._call("supervisor.signalProcess", name, word, tolerate=_NOT_RUNNING)

    def shut_down(self) -> None:
        """End supervisord itself and whatever it still runs."""
        self._call("supervisor.shutdown")

    def _call(self, method: str, *arguments: Any, tolerate: int | None = None) -> Any:
        body = xmlrpc.client.dumps(arguments, method)
        try:
            answer = self._client.post("/RPC2", content=body, headers={"Content-Type": "text/xml"})
            (result,), _ = xmlrpc.client.loads(answer.content)
        except httpx.TransportError as error:
            raise ClusterError(f"supervisord does not answer: {error}") from error
        except xmlrpc.client.Fault as fault:
            if fault.faultCode != tolerate:
                raise ClusterError(f"supervisord: {method}: {fault.faultString}") from fault
            return None
        return result
