"""A portal's own lists, statuses and sources among them, and the customs of its country."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portal.modules.crm.contracts import EntryId, FieldId, ListKind, Semantics
from portal.modules.crm.domain.custom.definitions import Field
from portal.modules.crm.errors import (
    FieldNotFoundError,
    ListEntryCodeInvalidError,
    ListEntryNotFoundError,
    ListFullError,
    SemanticsMisplacedError,
)

LONGEST_ENTRY_NAME = 100
LONGEST_ENTRY_CODE = 50
HIGHEST_POSITION = 32_767
MOST_ENTRIES_OF_A_LIST = 200
PLAIN_COLOUR = "#828282"
# Ids of entries that people add begin here; below are those of the defaults
FIRST_OWN_ENTRY = 1_000
UNSAVED = EntryId(0)

_DEFAULTS: Mapping[str, Any] = tomllib.loads(
    Path(__file__).with_name("defaults.toml").read_text(encoding="utf-8")
)
_CODE = re.compile(rf"[\w.:-]{{1,{LONGEST_ENTRY_CODE}}}")
_RANKS = tuple(Semantics)


@dataclass(frozen=True, slots=True)
class ListEntry:
    """One choice of a list; leads hold its ``code``, people see its ``name``.

    The system counts on those that are its own: they may be renamed, to ``default_name`` again too, and
    moved, but not removed. Only statuses of leads have ``semantics``.
    """

    kind: ListKind
    code: str
    name: str
    position: int
    colour: str
    id: EntryId = UNSAVED
    semantics: Semantics | None = None
    is_system: bool = False
    default_name: str = ""

    @property
    def order(self) -> tuple[int, int, int]:
        """Its place: a list of statuses ends with the final ones."""
        rank = 0 if self.semantics is None else _RANKS.index(self.semantics)
        return rank, self.position, self.id


@dataclass(frozen=True, slots=True)
class Customs:
    """What is meant where nothing is said: ISO 4217, and ISO 3166 (empty: no country)."""

    currency: str
    phone_region: str


@dataclass(frozen=True, slots=True)
class PortalLists:
    """Everything of a portal that a lead is checked against; each list is in its order."""

    entries: Sequence[ListEntry]
    customs: Customs
    fields: Sequence[Field] = field(default=())

    @property
    def first_status(self) -> str:
        """The status of a lead that nobody has looked at."""
        return next(e.code for e in self.entries if e.kind is ListKind.LEAD_STATUS)

    def codes(self, kind: ListKind) -> list[str]:
        """Return the codes of a list, in its order."""
        return [e.code for e in self.entries if e.kind is kind]

    def find_code(self, kind: ListKind, text: str) -> str | None:
        """Return the code that is meant by a code or a name, in whatever case it is written."""
        wanted = text.casefold()
        mine = [e for e in self.entries if e.kind is kind]
        by_code = (e.code for e in mine if e.code.casefold() == wanted)
        by_name = (e.code for e in mine if e.name.casefold() == wanted)
        return next(by_code, None) or next(by_name, None)

    def find(self, kind: ListKind, code: str) -> ListEntry | None:
        """Return the entry of this code."""
        return next((e for e in self.entries if e.kind is kind and e.code == code), None)

    def get(self, kind: ListKind, code: str) -> ListEntry:
        """Return the entry of this code; raises ``ListEntryNotFoundError``."""
        entry = self.find(kind, code)
        if entry is None:
            raise ListEntryNotFoundError(id=code)
        return entry

    def get_entry(self, entry: EntryId) -> ListEntry:
        """Return the entry of this id; raises ``ListEntryNotFoundError``."""
        for one in self.entries:
            if one.id == entry:
                return one
        raise ListEntryNotFoundError(id=entry)

    def get_field(self, field_id: FieldId) -> Field:
        """Return the portal's own field of this id; raises ``FieldNotFoundError``."""
        for one in self.fields:
            if one.id == field_id:
                return one
        raise FieldNotFoundError(id=field_id)

    def find_field(self, code: str) -> Field | None:
        """Return the portal's own field of this code."""
        return next((f for f in self.fields if f.details.code == code), None)

    def semantics_of(self, status: str) -> Semantics:
        """Return what a status of leads means; one that is gone is none of the final ones."""
        entry = self.find(ListKind.LEAD_STATUS, status)
        return (entry and entry.semantics) or Semantics.PROCESS

    def with_entry(self, new: "NewEntry") -> ListEntry:
        """Return what becomes of a new entry.

        Raises ``ListEntryCodeInvalidError``, ``ListFullError``, ``SemanticsMisplacedError``.
        """
        if not _CODE.fullmatch(new.code):
            raise ListEntryCodeInvalidError(given=new.code)
        mine = [e for e in self.entries if e.kind is new.kind]
        if len(mine) >= MOST_ENTRIES_OF_A_LIST:
            raise ListFullError(limit=MOST_ENTRIES_OF_A_LIST)
        semantics = new.semantics
        if new.kind is ListKind.LEAD_STATUS:
            semantics = semantics or Semantics.PROCESS
        if semantics is Semantics.SUCCESS or (semantics and new.kind is not ListKind.LEAD_STATUS):
            raise SemanticsMisplacedError
        alike = [e.position for e in mine if e.semantics is semantics]
        return ListEntry(
            new.kind,
            new.code,
            new.name,
            min(max(alike, default=0) + 10, HIGHEST_POSITION)
            if new.position is None
            else new.position,
            new.colour,
            EntryId(max(FIRST_OWN_ENTRY - 1, *(e.id for e in self.entries)) + 1),
            semantics,
            default_name=new.name,
        )


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to be; no ``position``: behind those that mean the same."""

    kind: ListKind
    code: str
    name: str
    position: int | None = None
    colour: str = PLAIN_COLOUR
    semantics: Semantics | None = None


def default_lists(locale: str) -> PortalLists:
    """Return what a new portal begins with, in its language."""
    entries = [
        _default(kind, one, position, locale)
        for kind in ListKind
        for position, one in enumerate(_DEFAULTS[kind.value], start=1)
    ]
    return PortalLists(in_order(entries), Customs(**_DEFAULTS["customs"][locale]))


def in_order(entries: Sequence[ListEntry]) -> list[ListEntry]:
    """Return the entries list by list, each in its order."""
    kinds = tuple(ListKind)
    return sorted(entries, key=lambda entry: (kinds.index(entry.kind), entry.order))


def unchanged_entries(kind: ListKind) -> list[ListEntry]:
    """Return what stands in a list that nobody has changed, if that is the same in every language."""
    entries = enumerate(_DEFAULTS[kind.value], start=1)
    return [
        _default(kind, one, place, "") for place, one in entries if isinstance(one["name"], str)
    ]


def find_default(kind: ListKind, code: str) -> ListEntry | None:
    """Return the default entry of this code, in English."""
    return _KNOWN.get((kind, code))


def _default(kind: ListKind, one: Mapping[str, Any], place: int, locale: str) -> ListEntry:
    name = one["name"] if isinstance(one["name"], str) else one["name"][locale]
    return ListEntry(
        kind,
        one["code"],
        name,
        place,
        one.get("colour", PLAIN_COLOUR),
        EntryId(one["id"]),
        Semantics(one.get("semantics", "process")) if kind is ListKind.LEAD_STATUS else None,
        one.get("is_system", False),
        name,
    )


_KNOWN = {(entry.kind, entry.code): entry for entry in default_lists("en").entries}
