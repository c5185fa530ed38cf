"""Which field a column of the file is meant for, by its label."""

import csv
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from portal.modules.crm.domain.importing.limits import LONGEST_LABEL, MOST_COLUMNS
from portal.modules.crm.errors import FileRefusedError

DELIMITERS = (",", ";", "\t")
# A lead may have several of these, so several columns may be meant for them.
PHONES = {
    "phone": "work",
    "mobile_phone": "mobile",
    "home_phone": "home",
    "fax": "fax",
    "other_phone": "other",
}
EMAILS = {"email": "work", "home_email": "home", "other_email": "other"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file; ``field`` is ``None`` if nothing is done with it."""

    label: str
    field: str | None


def read_header(labels: Sequence[str]) -> tuple[Column, ...]:
    """Return the columns; raises ``FileRefusedError`` if no lead can come of them.

    Of two columns for one field the first counts, but for phones and addresses.
    """
    if len(labels) > MOST_COLUMNS:
        raise FileRefusedError("import-too-many-columns")
    columns, seen = [], set[str]()
    for label in labels:
        field = _FIELDS.get(_plain(label))
        if field in seen and field not in PHONES and field not in EMAILS:
            field = None
        if field is not None:
            seen.add(field)
        columns.append(Column(label.strip()[:LONGEST_LABEL], field))
    if "title" not in seen:
        raise FileRefusedError("import-title-column-missing")
    return tuple(columns)


def guess_delimiter(header_line: str) -> str:
    """Return the delimiter by which most labels of the line are known, then by which most are found."""
    return max(DELIMITERS, key=lambda delimiter: _promise(header_line, delimiter))


def _promise(line: str, delimiter: str) -> tuple[int, int]:
    labels = next(csv.reader([line], delimiter=delimiter), [])
    return sum(_plain(label) in _FIELDS for label in labels), len(labels)


def _plain(label: str) -> str:
    """Return a label without what people write differently: case, ё, punctuation, spaces."""
    text = label.casefold().replace("ё", "е")
    return " ".join("".join(c if c.isalnum() else " " for c in text).split())


def _fields() -> dict[str, str]:
    known = tomllib.loads(Path(__file__).with_name("columns.toml").read_text(encoding="utf-8"))
    pairs = {
        (_plain(label), field) for field, labels in known.items() for label in (field, *labels)
    }
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("columns.toml: a label is meant for two fields")
    return fields


_FIELDS = _fields()
