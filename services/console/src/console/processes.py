"""The processes of the installation: which they are, whether they run, whether they are healthy."""

import json
from dataclasses import dataclass
from typing import Any

import psutil

from console import probes, supervisor
from console.installation import Installation
from console.supervisor import Supervised


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
    answers = probes.ask(installation, [row["probe"] for row in rows])
    return [
        _process(row, running.get((row["dc"], row["name"])), answers=answer)
        for row, answer in zip(rows, answers, strict=True)
    ]


def memory_bytes(installation: Installation) -> int:
    """Return what all processes use together, shared pages counted once (PSS)."""
    head = psutil.Process(supervisor.own_pid(installation))
    return sum(_memory_bytes(p) for p in (head, *head.children(recursive=True)))


def _rows(installation: Installation) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads(installation.processes_file.read_text("utf-8"))
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


def _memory_bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:  # it ended, or belongs to a user whom we may not look at
        return 0
