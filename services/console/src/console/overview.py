"""The failover service's status on one screen: datacentres, pairs, problems, last decisions."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from console.control.failover import Json

PAIRS_SHOWN = 8
DECISIONS_SHOWN = 5
COLOURS = {"page": "red", "ticket": "yellow", "note": "default"}


def render(failover: Json) -> RenderableType:
    """Return the screen."""
    parts: list[RenderableType] = [
        _sites(failover),
        "",
        _pairs(failover["pairs"]),
        "",
        _problems(failover),
        "",
        _decisions(failover["pairs"]),
    ]
    return Group(*parts)


def _sites(failover: Json) -> Table:
    columns = ("site", "serves", "database", "lag", "behind", "portals", "heard")
    table = Table(*columns, box=None, header_style="bold")
    for name in sorted({name for pair in failover["pairs"] for name in pair["sites"]}):
        table.add_row(_titled(failover, name), *_site(failover["pairs"], name))
    age = _shown(failover["witness"]["age_seconds"], "{:.1f} s ago")
    table.add_row(_titled(failover, "witness"), "", "", "", "", "", age)
    return table


def _titled(failover: Json, name: str) -> str:
    leader = failover["leader"]
    return f"{name} [bold](leads)[/]" if leader is not None and leader["site"] == name else name


def _site(pairs: Sequence[Json], name: str) -> Iterator[str]:
    """Yield the cells of one datacentre, over all pairs: sums, and the worst."""
    here = [(pair, pair["sites"][name]) for pair in pairs if name in pair["sites"]]
    databases = [site["database"] for _, site in here if site["database"] is not None]
    served = [f"{pair['id']}:{side}" for pair, _ in here for side in _sides(pair, name)]
    yield ", ".join(served) if len(served) <= PAIRS_SHOWN else f"{len(served)} sides"
    yield ", ".join(sorted({_state(pair, name) for pair, _ in here}))
    yield _shown(_worst(d["lag_seconds"] * 1000 for d in databases), "{:.0f} ms")
    yield _shown(_worst(d["behind_transactions"] for d in databases), "{} tx")
    yield _shown(_total(site["portals"] for _, site in here), "{}")
    yield _shown(_worst(site["age_seconds"] for _, site in here), "{:.1f} s ago")


def _sides(pair: Json, name: str) -> list[str]:
    return [side for side, site in pair["serving"].items() if site == name]


def _state(pair: Json, name: str) -> str:
    """Say in a word or two how a database does."""
    database = pair["sites"][name]["database"]
    if pair["away"] == name:
        return "suspended" if pair["parked"] else "out of service"
    if database is None:
        return "[red]silent[/]"
    if database["is_read_only"]:
        return "[red]read-only[/]"
    return "waits for its peer" if database["waiting_commits"] else "in service"


def _pairs(pairs: Sequence[Json]) -> Table:
    """Show the pairs where something is up first, and not more than fit."""
    columns = ("pair", "mode", "term", "served by", "web nodes", "what is done")
    table = Table(*columns, box=None, header_style="bold")
    for pair in sorted(pairs, key=_is_calm)[:PAIRS_SHOWN]:
        served = ", ".join(f"{side} by {site}" for side, site in sorted(pair["serving"].items()))
        mode = pair["mode"] if pair["mode"] == "SYNC" else f"[yellow]{pair['mode']}[/]"
        nodes = f"{pair['nodes']['live']} live, {pair['nodes']['behind']} behind"
        table.add_row(str(pair["id"]), mode, str(pair["term"]), served, nodes, escape(pair["duty"]))
    if len(pairs) > PAIRS_SHOWN:
        table.add_row("...", f"{len(pairs) - PAIRS_SHOWN} more")
    return table


def _is_calm(pair: Json) -> bool:
    return pair["mode"] == "SYNC" and pair["move"] is None and not pair["problems"]


def _problems(failover: Json) -> str:
    lines = [
        f"[{COLOURS[problem['urgency']]}]{problem['urgency']:<6}[/]  pair {pair['id']}  "
        f"{problem['code']}: {escape(problem['description'])}"
        for pair in failover["pairs"]
        for problem in pair["problems"]
    ]
    if not failover["etcd"]["has_majority"]:
        lines.append("[red]page[/]  etcd has no majority: nothing is taken over or switched")
    return "\n".join(["[bold]problems[/]", *lines]) if lines else "[bold]problems[/]  none"


def _decisions(pairs: Sequence[Json]) -> str:
    """Show the last ones of all pairs, newest first."""
    entries = [(entry, pair["id"]) for pair in pairs for entry in pair["decisions"]]
    newest = islice(sorted(entries, key=lambda found: -found[0]["at"]), DECISIONS_SHOWN)
    lines = [
        f"{datetime.fromtimestamp(entry['at'], UTC):%m-%d %H:%M:%S}  pair {pair}  "
        f"{entry['mode']}, term {entry['term']}  {entry['by']}: {escape(entry['why'])}"
        for entry, pair in newest
    ]
    return "\n".join(["[bold]last decisions[/] (UTC)", *lines]) if lines else "no decision yet"


def _worst(numbers: Iterable[float | None]) -> float | None:
    return max((number for number in numbers if number is not None), default=None)


def _total(numbers: Iterable[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def _shown(number: float | None, form: str) -> str:
    return "-" if number is None else form.format(number)
