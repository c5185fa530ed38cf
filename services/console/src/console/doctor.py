"""``portico doctor``: what is wrong and what to do, in sentences."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass

from console import status
from console.door import Door
from console.installation import Installation
from console.processes import Process
from console.status import Status

LAG_MS = 100.0
DISK_BYTES = 4 * 10**9
CERTIFICATE_DAYS = 14


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, and the remedy."""

    wrong: str
    remedy: str


def examine(installation: Installation) -> list[Finding]:
    """Look at everything and return what is wrong; raise if nothing can be asked at all."""
    return findings(installation, status.read(installation))


def findings(installation: Installation, found: Status) -> list[Finding]:
    """Return what is wrong with what was seen."""
    return [
        *_processes(installation, found),
        *_pairs(installation, found),
        *_portals(found),
        *_door(found.door),
        *_disk(installation),
    ]


def _processes(installation: Installation, found: Status) -> Iterator[Finding]:
    for process in found.processes:
        if not process.healthy:
            log = installation.logs / f"{process.dc}-{process.name}.log"
            yield Finding(_complaint(process), f"read {log}; `make up` starts what does not run")


def _complaint(process: Process) -> str:
    name = f"{process.name} in {process.dc}"
    if process.pid is None:
        return f"{name} does not run (supervisord says {process.state})"
    return f"{name} runs as process {process.pid} but does not answer at {process.address}"


def _pairs(installation: Installation, found: Status) -> Iterator[Finding]:
    sizes = {pair.id: len(pair.sites) for pair in installation.settings.pairs}
    for pair in found.pairs:
        name = f"pair {pair['id']}"
        if pair["lag_ms"] is None:
            yield Finding(
                f"{name}: one side does not apply what the other wrote within two seconds",
                "look at SHOW SLAVE STATUS on both masters; acknowledged writes may wait",
            )
        elif pair["lag_ms"] > LAG_MS:
            yield Finding(
                f"{name}: one side is {pair['lag_ms']:.0f} ms behind the other",
                "a second failure within that time would lose writes: find what keeps its disk busy",
            )
        if sizes[pair["id"]] > 1 and pair["mode"] not in {"SYNC", None}:
            yield Finding(
                f"{name} is {pair['mode']}: new writes are in one datacentre only",
                "bring the other datacentre back and let the pair catch up",
            )


def _portals(found: Status) -> Iterator[Finding]:
    if found.portals["total"] is None:
        yield Finding(
            "the routing service does not answer, so nobody can register or move a portal",
            "web nodes go on with the routes they know; see the routing processes and etcd above",
        )


def _door(door: Door | None) -> Iterator[Finding]:
    if door is None:
        return
    remedy = "`make certificate` shows it; with RENEW=1 or FILE=yours.pem it is replaced at once"
    if door.fault:
        yield Finding(f"TLS clients are turned away at {door.url}: {door.fault}", remedy)
    elif door.days_left is not None and door.days_left < CERTIFICATE_DAYS:
        yield Finding(f"the front door's certificate ends in {door.days_left} days", remedy)


def _disk(installation: Installation) -> Iterator[Finding]:
    free = shutil.disk_usage(installation.settings.var).free
    if free < DISK_BYTES:
        yield Finding(
            f"only {free / 1e9:.1f} GB of disk are free below {installation.settings.var}",
            "make room before the databases stop",
        )
