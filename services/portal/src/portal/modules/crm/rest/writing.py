"""What somebody sent of a lead as the use cases of leads take it."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from portal.modules.crm.domain.checks import HIGHEST_AMOUNT
from portal.modules.crm.domain.communications import Entry
from portal.modules.crm.domain.entries import EntryChange, EntryChanges
from portal.modules.crm.domain.leads import ENTRIES
from portal.modules.crm.domain.lists import PortalLists
from portal.modules.crm.rest import custom_fields
from portal.modules.crm.rest.custom_fields import CUSTOM
from portal.modules.crm.rest.lead_fields import ROWS
from portal.rest.fields import Fields, Kind
from portal.rest.multifields import Given

_BREAKS = str.maketrans("\r\n\t", "   ")
_OF_LINES = frozenset({"comment", "source_description", "status_description"})

# A lead is never without these: that somebody leaves one empty says nothing
ALWAYS_FILLED = frozenset({"title", "status", "currency", "responsible_id"})
_NEVER_NONE = frozenset(
    row.ours for row in ROWS if row.kind is Kind.STRING and not row.is_read_only
) - {"originator_id", "origin_id"}


def given(table: Fields, lists: PortalLists, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return what to write, by our names; raise the documented error for what is no value."""
    read = table.read(sent)
    plain = {
        name: _plain(name, value) for name, value in read.items() if not name.startswith(CUSTOM)
    }
    written = {n: v for n, v in plain.items() if n not in ALWAYS_FILLED or v not in (None, "")}
    own = custom_fields.by_code(lists, read)
    if own:
        written["custom"] = {
            details.code: custom_fields.taken(details, read[name], lists.customs)
            for name, details in own.items()
        }
    return written


def title_for(given: Mapping[str, Any], word: str) -> str:
    """Return what a lead is called that was sent without a title; ``word`` is what anything is called."""
    person = " ".join(filter(None, (given.get("first_name"), given.get("last_name"))))
    reached = (_first(given.get(name)) for name in ("phones", "emails"))
    known = (person, given.get("company_title"), *reached)
    name = next(filter(None, known), None)
    return f"{word}: {name}" if name else word


def _plain(name: str, value: Any) -> Any:
    if name in ENTRIES:
        return EntryChanges(tuple(map(_change, value)))
    if name == "amount":
        return _to_the_cent(value)
    if name == "currency" and value is not None:
        return value.strip().upper()
    if isinstance(value, str):
        return value.strip() if name in _OF_LINES else _one_line(value)
    return "" if value is None and name in _NEVER_NONE else value


def _one_line(text: str) -> str:
    """Return the text as it fits into a line; programs send breaks and tabs where people cannot."""
    return text.translate(_BREAKS).strip()


def _to_the_cent(amount: Decimal | None) -> Decimal | None:
    """Round; what is too large stays as it is, and is refused."""
    if amount is None or abs(amount) >= HIGHEST_AMOUNT:
        return amount
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _change(sent: Given) -> EntryChange:
    value = None if sent.value is None else sent.value.strip()
    kind = sent.value_type.strip().lower() if sent.value_type else None
    return EntryChange(sent.id or 0, value, kind, sent.is_deleted)


def _first(entries: EntryChanges | Iterable[Entry] | None) -> str | None:
    changes = entries.changes if isinstance(entries, EntryChanges) else ()
    return next((change.value for change in changes if change.value), None)
