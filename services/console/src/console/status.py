"""``portico status``: the installation at a glance."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table

from console import door, overview, processes, replication
from console.control.failover import Failover
from console.door import Door
from console.errors import ConsoleError
from console.installation import Installation
from console.processes import Process
from console.routing import Json, Routing


@dataclass(frozen=True)
class Status:
    """What is known; what could not be asked is ``None``."""

    processes: Sequence[Process]
    pairs: Sequence[Json]
    portals: Json
    memory_bytes: int
    failover: Json | None = None
    door: Door | None = None

    def to_json(self) -> Json:
        """Return the documented form."""
        return {
            "processes": [p.to_json() for p in self.processes],
            "pairs": list(self.pairs),
            "portals": self.portals,
            "failover": self.failover,
            "door": self.door and self.door.to_json(),
        }


def read(installation: Installation) -> Status:
    """Ask everybody. Without the routing service pairs and portals stay unknown, the rest is told."""
    found = processes.read(installation)
    routing = Routing(installation)
    try:
        records = {record["id"]: record for record in routing.pairs()}
        portals = _count(installation, routing)
    except ConsoleError:
        records, portals = {}, {"total": None, "by_owner": {}}
    pairs = [
        {
            "id": pair.id,
            "mode": records.get(pair.id, {}).get("mode"),
            "term": records.get(pair.id, {}).get("term"),
            "lag_ms": replication.lag_ms(installation, pair),
        }
        for pair in installation.settings.pairs
    ]
    memory_bytes = processes.memory_bytes(installation)
    agreed = _find_failover(installation)
    return Status(found, pairs, portals, memory_bytes, agreed, door.look(installation))


def _find_failover(installation: Installation) -> Json | None:
    """Return what the failover services say; nothing in the box, or when all of them are silent."""
    try:
        return Failover(installation).status()
    except ConsoleError:
        return None


def _count(installation: Installation, routing: Routing) -> Json:
    owners = Counter(portal["owner"] for portal in routing.portals())
    by_owner = {site.name: owners[site.name] for site in installation.settings.datacentres}
    return {"total": owners.total(), "by_owner": by_owner}


def render(status: Status, *, lists_processes: bool) -> RenderableType:
    """Return one screen for people; the list of all processes makes it longer."""
    pairs = overview.render(status.failover) if status.failover else _pair_table(status.pairs)
    chosen = status.processes if lists_processes else _sick(status.processes)
    listed: list[RenderableType] = [_process_table(chosen), ""] if chosen else []
    return Group(
        pairs,
        "",
        *listed,
        *_totals(status),
    )


def _sick(found: Sequence[Process]) -> list[Process]:
    return [process for process in found if not process.healthy]


def _totals(status: Status) -> Iterator[str]:
    owners = ", ".join(f"{n} in {dc}" for dc, n in status.portals["by_owner"].items())
    total = _shown(status.portals["total"])
    healthy = len(status.processes) - len(_sick(status.processes))
    yield f"processes {healthy} of {len(status.processes)} healthy"
    yield f"portals   {total}{f' ({owners})' if owners else ''}"
    yield f"memory    {status.memory_bytes / 2**30:.2f} GiB (PSS of all processes)"
    if status.door:
        good = status.door.fault or f"certificate good for {status.door.days_left} days"
        yield f"door      {status.door.url} ({good})"


def _process_table(found: Sequence[Process]) -> Table:
    table = Table("dc", "process", "pid", "address", "state", box=None, header_style="bold")
    for process in found:
        state = "[green]healthy[/]" if process.healthy else f"[red]not healthy ({process.state})[/]"
        table.add_row(process.dc, process.name, _shown(process.pid), process.address, state)
    return table


def _pair_table(pairs: Sequence[Json]) -> Table:
    table = Table("pair", "mode", "term", "lag", box=None, header_style="bold")
    for pair in pairs:
        lag = "-" if pair["lag_ms"] is None else f"{pair['lag_ms']} ms"
        table.add_row(str(pair["id"]), _shown(pair["mode"]), _shown(pair["term"]), lag)
    return table


def _shown(value: Any) -> str:
    return "-" if value is None else str(value)
