"""The processes of the installation: which they are, whether they run, whether they are healthy."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import psutil

from console import supervisor
from console.errors import ConsoleError
from console.installation import Installation
from console.supervisor import Supervised

PROBE_SECONDS = 2.0
PROBES_AT_ONCE = 16


@dataclass(frozen=True)
class Process:
    """One process; ``state`` is supervisord's word for it."""

    name: str
    dc: str
    pid: int | None
    address: str
    healthy: bool
    state: str

    def to_json(self) -> dict[str, Any]:
        """Return the documented form."""
        return {
            "name": self.name,
            "dc": self.dc,
            "pid": self.pid,
            "address": self.address,
            "healthy": self.healthy,
        }


def read(installation: Installation) -> list[Process]:
    """Ask supervisord and every process, all at the same time."""
    running = supervisor.read(installation)
    rows = _rows(installation)
    with (
        httpx.Client(timeout=PROBE_SECONDS, trust_env=False) as client,
        ThreadPoolExecutor(PROBES_AT_ONCE) as pool,
    ):
        answers = list(pool.map(lambda row: _answers(client, row["probe"]), rows))
    return [
        _process(row, running.get((row["dc"], row["name"])), answers=answer)
        for row, answer in zip(rows, answers, strict=True)
    ]


def memory_bytes(installation: Installation) -> int:
    """Return what all processes use together, shared pages counted once (PSS)."""
    head = psutil.Process(supervisor.own_pid(installation))
    return sum(_memory_bytes(p) for p in (head, *head.children(recursive=True)))


def _rows(installation: Installation) -> list[dict[str, str]]:
    try:
        rows: list[dict[str, str]] = json.loads(installation.processes_file.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConsoleError("the cluster was never started: `make up` starts it") from error
    return rows


def _process(row: dict[str, str], seen: Supervised | None, *, answers: bool) -> Process:
    return Process(
        name=row["name"],
        dc=row["dc"],
        pid=seen.pid if seen else None,
        address=row["address"],
        healthy=answers and seen is not None and seen.pid is not None,
        state=seen.state if seen else "UNKNOWN",
    )


def _answers(client: httpx.Client, probe: str) -> bool:
    """Ask a process as its row says: a URL, a TCP address, or nothing but that it runs."""
    kind, _, address = probe.partition("://")
    if not kind:
        return True
    try:
        if kind == "tcp":
            host, _, port = address.rpartition(":")
            socket.create_connection((host, int(port)), PROBE_SECONDS).close()
            return True
        return client.get(probe).is_success
    except (OSError, httpx.TransportError):
        return False


def _memory_bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:  # it ended, or belongs to a user whom we may not look at
        return 0
