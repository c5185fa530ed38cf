"""A record to a lead, or to all that is wrong with it; and how a lead is known to be there already."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from portal.modules.crm.contracts import ListKind
from portal.modules.crm.domain import communications, leads
from portal.modules.crm.domain.communications import MOST_ENTRIES, Email, Phone
from portal.modules.crm.domain.importing import cells
from portal.modules.crm.domain.importing.cells import CellError
from portal.modules.crm.domain.importing.columns import EMAILS, PHONES, Column
from portal.modules.crm.domain.importing.records import Record
from portal.modules.crm.domain.leads import LeadDetails
from portal.modules.crm.domain.lists import PortalLists

LONGEST_QUOTE = 100

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong: ``code`` of the text that says so and its values; no ``column``, the whole line."""

    line: int
    code: str
    column: str | None = None
    values: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A lead to be. ``fingerprint`` stands for its contents if it has no ``external_id``."""

    line: int
    details: LeadDetails
    fingerprint: bytes | None

    @property
    def key(self) -> str | bytes:
        """By what it is known to be there already."""
        return self.fingerprint or self.details.external_id or b""


class RowReader:
    """Reads the records of one file."""

    def __init__(
        self, columns: Sequence[Column], lists: PortalLists, defaults: LeadDetails
    ) -> None:
        self._columns = columns
        self._defaults = defaults
        self._region = lists.customs.phone_region
        self._readers = _READERS | {
            "status": partial(_choice, lists, ListKind.LEAD_STATUS, "import-status-unknown"),
            "source": partial(_choice, lists, ListKind.LEAD_SOURCE, "import-source-unknown"),
        }

    def read(self, record: Record) -> Row | Sequence[Problem] | None:
        """Return the lead, what is wrong, or ``None`` for a line on which nothing stands."""
        if record.problem is not None:
            return [Problem(record.line, record.problem)]
        written = [cell.strip() for cell in record.cells]
        if not any(written):
            return None
        if any(written[len(self._columns) :]):
            return [Problem(record.line, "import-row-too-wide")]
        values, problems = self._values(record.line, written)
        if problems:
            return problems
        details = self._defaults.with_given(values)
        known_by_id = details.external_id is not None
        return Row(record.line, details, None if known_by_id else self._fingerprint(values))

    def _values(self, line: int, written: Sequence[str]) -> tuple[dict[str, Any], list[Problem]]:
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        for column, cell in zip(self._columns, written, strict=False):
            if column.field is None or not cell:
                continue
            try:
                self._take(values, column.field, cells.original(cell))
            except CellError as error:
                about = {"value": cell[:LONGEST_QUOTE], "limit": error.limit}
                problems.append(Problem(line, error.code, column.label, about))
        if "title" not in values and not any(p.column == self._title for p in problems):
            problems.append(Problem(line, "import-title-missing", self._title))
        return values, problems

    @property
    def _title(self) -> str:
        return next(c.label for c in self._columns if c.field == "title")

    def _take(self, values: dict[str, Any], field: str, cell: str) -> None:
        if field in PHONES:
            phones = [Phone(cells.phone(one), PHONES[field]) for one in cells.several(cell)]
            values["phones"] = _more(values.get("phones", ()), phones, MOST_ENTRIES)
        elif field in EMAILS:
            emails = [Email(cells.email(one), EMAILS[field]) for one in cells.several(cell)]
            values["emails"] = _more(values.get("emails", ()), emails, MOST_ENTRIES)
        else:
            values[field] = self._readers[field](cell)

    def _fingerprint(self, values: Mapping[str, Any]) -> bytes:
        """Hash what the row says, not how it was written: encoding and order of columns do not count."""
        said = {name: str(value) for name, value in values.items()}
        said["phones"] = said["emails"] = ""
        said["reached by"] = "\x1e".join(
            communications.lookup_keys(
                values.get("phones", ()), values.get("emails", ()), self._region
            )
        )
        text = "\x1f".join(f"{name}={value}" for name, value in sorted(said.items()) if value)
        return hashlib.sha256(text.encode()).digest()


def _more(known: tuple[T, ...], new: Sequence[T], most: int) -> tuple[T, ...]:
    if len(known) + len(new) > most:
        raise CellError("import-too-many-values", most)
    return (*known, *new)


def _choice(lists: PortalLists, kind: ListKind, problem: str, cell: str) -> str:
    code = lists.find_code(kind, cell)
    if code is None:
        raise CellError(problem)
    return code


def _line(longest: int) -> Callable[[str], str]:
    return partial(cells.line_of_text, longest=longest)


_READERS: dict[str, Callable[[str], Any]] = {
    "title": _line(leads.LONGEST_TITLE),
    "first_name": _line(leads.LONGEST_NAME),
    "last_name": _line(leads.LONGEST_NAME),
    "middle_name": _line(leads.LONGEST_NAME),
    "company_title": _line(leads.LONGEST_COMPANY),
    "position": _line(leads.LONGEST_NAME),
    "amount": cells.amount,
    "currency": cells.currency,
    "comment": partial(cells.text, longest=leads.LONGEST_COMMENT),
    "external_id": _line(leads.LONGEST_EXTERNAL_ID),
}
