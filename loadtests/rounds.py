"""Runs two loads in turn, so that a noisy machine is as noisy for both."""

import json
import os
import statistics
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SCRIPT = Path(__file__).with_name("wrk.lua")
ROUNDS = 3
SECONDS = 4

Round = Callable[[], Mapping[str, float]]
"""Puts on load for a while; returns requests, seconds, p50_ms, p99_ms and failed."""


@dataclass(frozen=True, slots=True)
class Target:
    """One request, repeated by wrk."""

    url: str
    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    connections: int = 8

    def run(self) -> Mapping[str, float]:
        """Put on load for one round."""
        environment = {
            **os.environ,
            "METHOD": self.method,
            "PATH_AND_QUERY": self.path,
            "HEADERS": "\n".join(f"{n}: {v}" for n, v in self.headers.items()),
            "BODY": self.body,
        }
        size = ("-t1", f"-c{self.connections}", f"-d{SECONDS}s")
        command = ["wrk", *size, "-s", str(SCRIPT), self.url]
        done = subprocess.run(  # noqa: S603  # our own command, our own arguments
            command,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS + 20,
            check=True,
        )
        figures: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
        return figures


@dataclass(frozen=True, slots=True)
class Figures:
    """What one target showed: the medians over its rounds."""

    per_second: float
    p50_ms: float
    p99_ms: float
    failed: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Ours beside its floor."""

    name: str
    ours: Figures
    floor: Figures

    @property
    def ratio(self) -> float:
        """Our requests per second as a part of the floor's."""
        return self.ours.per_second / self.floor.per_second


def compare(name: str, ours: Round, floor: Round) -> Comparison:
    """Measure both in alternating rounds."""
    seen: dict[str, list[Mapping[str, float]]] = {"ours": [], "floor": []}
    for _ in range(ROUNDS):
        for which, run in (("floor", floor), ("ours", ours)):
            seen[which].append(run())
    return Comparison(name, _figures(seen["ours"]), _figures(seen["floor"]))


def _figures(rounds: Sequence[Mapping[str, float]]) -> Figures:
    return Figures(
        per_second=statistics.median(r["requests"] / r["seconds"] for r in rounds),
        p50_ms=statistics.median(r["p50_ms"] for r in rounds),
        p99_ms=statistics.median(r["p99_ms"] for r in rounds),
        failed=int(sum(r["failed"] for r in rounds)),
    )
