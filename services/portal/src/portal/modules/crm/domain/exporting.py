"""Leads as lines of a CSV file, which our own import takes back.

A cell that a spreadsheet would take for a formula gets an apostrophe before it, phone numbers with a plus
among them; the import removes it. Several numbers of one kind stand in one cell, between commas.
"""

import csv
import io
from collections.abc import Collection, Iterable, Sequence

from portal.modules.crm.domain.communications import OTHER, Entry
from portal.modules.crm.domain.importing.cells import neutralised
from portal.modules.crm.domain.importing.columns import EMAILS, PHONES
from portal.modules.crm.domain.leads import Lead

_TEXTS = (
    *("title", "status", "source", "first_name", "last_name", "middle_name", "company_title"),
    *("position", "amount", "currency", "comment", "external_id", "responsible_id"),
)
HEADER = ("id", *_TEXTS, *PHONES, *EMAILS, "created_at", "updated_at")


def encoded(rows: Iterable[Sequence[str]], *, encoding: str, delimiter: str) -> bytes:
    """Return rows as RFC 4180 wants them; a character that the encoding lacks becomes ``?``."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode(encoding, errors="replace")


def row_of(lead: Lead) -> list[str]:
    """Return the cells of a lead, in the order of ``HEADER``."""
    details = lead.details
    texts = (getattr(details, name) for name in _TEXTS)
    phones = _by_type(details.phones, PHONES.values())
    emails = _by_type(details.emails, EMAILS.values())
    return [
        str(lead.id),
        *(neutralised("" if text is None else str(text)) for text in texts),
        *(neutralised(", ".join(values)) for values in (*phones, *emails)),
        lead.created_at.isoformat(),
        lead.updated_at.isoformat(),
    ]


def _by_type(entries: Sequence[Entry], types: Collection[str]) -> list[list[str]]:
    """Return the values for each column; types that have none are among the others."""
    columns: dict[str, list[str]] = {kind: [] for kind in types}
    for entry in entries:
        columns[entry.type if entry.type in columns else OTHER].append(entry.value)
    return list(columns.values())
