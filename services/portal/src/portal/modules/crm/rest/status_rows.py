"""An entry of a portal's list as ``crm.status.*`` show and take it."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from portal.modules.crm.contracts import ListKind
from portal.modules.crm.domain.lists import (
    HIGHEST_POSITION,
    LONGEST_ENTRY_NAME,
    PLAIN_COLOUR,
    ListEntry,
    NewEntry,
)
from portal.modules.crm.rest import titles
from portal.modules.crm.rest.showing import SEMANTICS
from portal.rest.fields import Field, Kind
from portal.rest.method import CallError

ENTITIES: Mapping[ListKind, str] = {
    ListKind.LEAD_STATUS: "STATUS",
    ListKind.LEAD_SOURCE: "SOURCE",
    ListKind.HONORIFIC: "HONORIFIC",
}
KINDS = {entity: kind for kind, entity in ENTITIES.items()}

# What the documentation says of codes; no control characters anywhere
_STAGE_CODE = re.compile(r"[A-Za-z0-9_-]{1,21}")
_OTHER_CODE = re.compile(r"[^\x00-\x1f\x7f]{1,50}")
_NAME = re.compile(rf"[^\x00-\x1f\x7f]{{0,{LONGEST_ENTRY_NAME}}}")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_BY_LETTER = {letter: meaning for meaning, letter in SEMANTICS.items()}

_ENTITY = Field("ENTITY_ID", "entity", Kind.STRING, is_required=True, is_immutable=True)
_CODE = Field("STATUS_ID", "code", Kind.STRING, is_required=True, is_immutable=True)
_POSITION = Field("SORT", "position", Kind.INTEGER)
_TITLE = Field("NAME", "name", Kind.STRING, is_required=True)
_HUE = Field("COLOR", "colour", Kind.STRING)
TABLES = titles.by_locale(
    "status",
    (
        Field("ID", "id", Kind.INTEGER, is_read_only=True),
        _ENTITY,
        _CODE,
        _POSITION,
        _TITLE,
        Field("NAME_INIT", "default_name", Kind.STRING, is_read_only=True),
        Field("SYSTEM", "is_system", Kind.CHAR, is_read_only=True),
        Field("CATEGORY_ID", "", Kind.INTEGER, is_immutable=True),
        _HUE,
        Field("SEMANTICS", "semantics", Kind.STRING, is_immutable=True),
        Field("EXTRA", "", Kind.UNCHANGED, more={"type": "crm_status_extra"}),
    ),
)
TABLE = TABLES["en"]


def value_of(entry: ListEntry, name: str) -> Any:
    """Return what a list of entries is filtered and sorted by."""
    match name:
        case "entity":
            return ENTITIES[entry.kind]
        case "semantics":
            return _semantics(entry)
        case _:
            return getattr(entry, name)


def shown(entry: ListEntry) -> dict[str, Any]:
    """Return an entry as it goes over the wire."""
    return {
        "ID": str(entry.id),
        "ENTITY_ID": ENTITIES[entry.kind],
        "STATUS_ID": entry.code,
        "NAME": entry.name,
        "NAME_INIT": entry.default_name,
        "SORT": str(entry.position),
        "SYSTEM": "Y" if entry.is_system else "N",
        "CATEGORY_ID": None,
        "COLOR": entry.colour,
        "SEMANTICS": _semantics(entry),
    }


def shown_in_list(entry: ListEntry) -> dict[str, Any]:
    """Return an entry as lists show it: a stage says more."""
    if entry.semantics is None:
        return shown(entry)
    extra = {"SEMANTICS": entry.semantics.value, "COLOR": entry.colour}
    return {**shown(entry), "EXTRA": extra}


def new_entry(sent: Mapping[str, Any]) -> NewEntry:
    """Return the entry that was sent; raise the documented errors."""
    given = TABLE.read(sent)
    missing = [field.name for field in (_ENTITY, _CODE) if not given.get(field.ours)]
    if missing:
        raise _wrong(", ".join(f"The field {name} is required." for name in missing))
    kind = KINDS.get(given["entity"].upper())
    if kind is None:
        raise _wrong("Specified entity type is not supported.")
    if not given.get("name"):
        raise _wrong("The field Title is required.")
    position = given.get("position")
    return NewEntry(
        kind,
        _code(kind, given["code"]),
        _name(given["name"]),
        None if position is None else _place(position),
        _colour(given.get("colour") or PLAIN_COLOUR),
        _BY_LETTER.get((given.get("semantics") or "").upper()),
    )


def changes(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is changed of an entry; an empty name asks for the first one again."""
    given = TABLE.read(sent, is_change=True)
    changed = {n: _CHECKS[n](v) for n, v in given.items() if n in _CHECKS and v is not None}
    return {"name": "", **changed} if "name" in given else changed


def _code(kind: ListKind, code: str) -> str:
    pattern = _STAGE_CODE if kind is ListKind.LEAD_STATUS else _OTHER_CODE
    return _matching(_CODE, pattern, code)


def _name(name: str) -> str:
    return _matching(_TITLE, _NAME, name)


def _colour(colour: str) -> str:
    return _matching(_HUE, _COLOUR, colour).lower()


def _place(position: int) -> int:
    if not 0 <= position <= HIGHEST_POSITION:
        raise _invalid(_POSITION)
    return position


def _matching(field: Field, pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise _invalid(field)
    return text


def _invalid(field: Field) -> CallError:
    return _wrong(f"Invalid value of field {field.name}.")


def _wrong(text: str) -> CallError:
    return CallError(400, "", text)


def _semantics(entry: ListEntry) -> str | None:
    """Return the letter of a final stage; what goes on has none."""
    if entry.semantics is None or not entry.semantics.is_final:
        return None
    return SEMANTICS[entry.semantics]


_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "name": _name,
    "position": _place,
    "colour": _colour,
}
