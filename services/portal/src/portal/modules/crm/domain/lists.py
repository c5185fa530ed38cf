"""A portal's own lists, statuses and sources, and the customs of its country."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.modules.crm.contracts import ListKind

_DEFAULTS: Mapping[str, Any] = tomllib.loads(
    Path(__file__).with_name("defaults.toml").read_text(encoding="utf-8")
)


@dataclass(frozen=True, slots=True)
class ListEntry:
    """One choice of a list; leads hold its ``code``, people see its ``name``."""

    kind: ListKind
    code: str
    name: str
    position: int
    colour: str


@dataclass(frozen=True, slots=True)
class Customs:
    """What is meant where nothing is said: ISO 4217, and ISO 3166 (empty: no country)."""

    currency: str
    phone_region: str


@dataclass(frozen=True, slots=True)
class PortalLists:
    """Everything of a portal that a lead is checked against."""

    entries: Sequence[ListEntry]
    customs: Customs

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


def default_lists(locale: str) -> PortalLists:
    """Return what a new portal begins with, in its language."""
    entries = [
        ListEntry(kind, one["code"], one["name"][locale], position, one["colour"])
        for kind in ListKind
        for position, one in enumerate(_DEFAULTS[kind.value], start=1)
    ]
    return PortalLists(entries, Customs(**_DEFAULTS["customs"][locale]))
