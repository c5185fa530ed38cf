"""What of the documented surface is there: ``GET /rest/methods`` and docs/rest.md, made of the registry.

"Works" is what a method says of itself by being declared; "differs" if it says how; "not yet" is what is
documented and not declared, and answers 404 ``ERROR_METHOD_NOT_FOUND``.
"""

import html
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

import orjson
from fastapi import Request
from starlette.responses import Response

from portal.rest.address import Address
from portal.rest.envelope import JSON
from portal.rest.method import Parameters
from portal.rest.registry import Registry

NAMES = Path(__file__).with_name("documented.toml")
MORE = "more"
"""Documented methods that are there before their turn."""


class State(StrEnum):
    """How far a method has come."""

    WORKS = "works"
    DIFFERS = "differs"
    NOT_YET = "not yet"


@dataclass(frozen=True, slots=True)
class Row:
    """One documented method; ``part`` is what it belongs to."""

    part: str
    name: str
    state: State
    differs: str = ""


def rows(methods: Registry) -> list[Row]:
    """Return every documented method that we mean to have first, and whatever else is there."""
    found = [_row(part, name, methods) for part, names in _documented().items() for name in names]
    known = {row.name.lower() for row in found}
    others = sorted(m.name for name, m in methods.items() if name not in known)
    return [*found, *(_row(MORE, name, methods) for name in others)]


def is_asked_for(request: Request, address: Address, parameters: Parameters) -> bool:
    """Tell whether this is a person, or a program without leave, that asks what there is."""
    is_here = address == Address("methods") and request.method == "GET"
    return is_here and not (parameters.values or "authorization" in request.headers)


def answer(request: Request, methods: Registry) -> Response:
    """Return the page: for a browser to read, else as JSON."""
    found = rows(methods)
    if "text/html" in request.headers.get("accept", ""):
        return Response(_page(found), media_type="text/html")
    items = [
        {"method": row.name, "part": row.part, "state": row.state.value, "differs": row.differs}
        for row in found
    ]
    return Response(orjson.dumps({"methods": items, "summary": _summary(found)}), media_type=JSON)


def tables(methods: Registry) -> str:
    """Return the summary and the tables of docs/rest.md."""
    found = rows(methods)
    parts = list(dict.fromkeys(row.part for row in found))
    lines = ["| part | works | of |", "|---|--:|--:|"]
    for part in parts:
        here = [row for row in found if row.part == part]
        lines.append(f"| {part} | {_there(here)} | {len(here)} |")
    lines.append(f"| **all** | **{_there(found)}** | **{len(found)}** |")
    for part in parts:
        lines += ["", f"### {part}", "", "| method | state | how it differs |", "|---|---|---|"]
        lines += (
            f"| `{row.name}` | {row.state.value} | {row.differs} |"
            for row in found
            if row.part == part
        )
    return "\n".join(lines) + "\n"


@cache
def _documented() -> dict[str, list[str]]:
    return tomllib.loads(NAMES.read_text(encoding="utf-8"))


def _row(part: str, name: str, methods: Registry) -> Row:
    method = methods.get(name.lower())
    if method is None:
        return Row(part, name, State.NOT_YET)
    how = method.differs
    if not how:
        return Row(part, name, State.WORKS)
    return Row(part, name, State.DIFFERS, f"{how[0].upper()}{how[1:].rstrip('.')}.")


def _there(found: Iterable[Row]) -> int:
    return sum(row.state is not State.NOT_YET for row in found)


def _summary(found: Sequence[Row]) -> dict[str, int]:
    counted = Counter(row.state for row in found)
    return {state.value: counted[state] for state in State}


def _page(found: Sequence[Row]) -> str:
    body = "".join(
        f"<tr><td>{html.escape(row.name)}</td><td>{row.state.value}</td>"
        f"<td>{html.escape(row.differs)}</td></tr>"
        for row in found
    )
    title = "Methods of the compatible REST API"
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><h1>{title}</h1>"
        f"<table><tr><th>method<th>state<th>how it differs</tr>{body}</table></html>"
    )
