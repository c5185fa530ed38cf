"""Runs wrk against two addresses in turn, so that a noisy machine is as noisy for both."""

import json
import os
import secrets
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SCRIPT = Path(__file__).with_name("wrk.lua")
ROUNDS = 3
SECONDS = 4


@dataclass(frozen=True, slots=True)
class Target:
    """One request, repeated."""

    url: str
    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    body_bytes: int = 0


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


def compare(name: str, ours: Target, floor: Target, *, connections: int) -> Comparison:
    """Measure both in alternating rounds."""
    seen: dict[str, list[dict[str, float]]] = {"ours": [], "floor": []}
    for _ in range(ROUNDS):
        for which, target in (("floor", floor), ("ours", ours)):
            seen[which].append(_round(target, connections))
    return Comparison(name, _figures(seen["ours"]), _figures(seen["floor"]))


def _round(target: Target, connections: int) -> dict[str, float]:
    environment = {
        **os.environ,
        "METHOD": target.method,
        "PATH_AND_QUERY": target.path,
        "HEADERS": "\n".join(f"{n}: {v}" for n, v in target.headers.items()),
        "BODY": target.body,
        "BODY_BYTES": str(target.body_bytes),
        "RUN": secrets.token_hex(4),
    }
    command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "-s", str(SCRIPT), target.url]
    done = subprocess.run(  # noqa: S603  # our own command, our own arguments
        command, env=environment, capture_output=True, text=True, timeout=SECONDS + 20, check=True
    )
    figures: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def _figures(rounds: Sequence[Mapping[str, float]]) -> Figures:
    return Figures(
        per_second=statistics.median(r["requests"] / r["seconds"] for r in rounds),
        p50_ms=statistics.median(r["p50_ms"] for r in rounds),
        p99_ms=statistics.median(r["p99_ms"] for r in rounds),
        failed=int(sum(r["failed"] for r in rounds)),
    )
