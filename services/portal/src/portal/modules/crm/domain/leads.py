"""A lead: what may stand in it, and what is told when it changes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any

from kernel.facts import Fact
from portal.modules.company.contracts import UserId
from portal.modules.crm.contracts import LeadId
from portal.modules.crm.domain.communications import Email, Messenger, Phone, Web, lookup_keys
from portal.modules.crm.domain.entries import EntryChanges, changed, numbered
from portal.modules.crm.domain.parts import NOWHERE, UNMARKED, Address, Utm

LONGEST_TITLE = 255
LONGEST_NAME = 100
LONGEST_COMPANY = 255
LONGEST_COMMENT = 10_000
LONGEST_CODE = 50
LONGEST_EXTERNAL_ID = 255
LONGEST_PART = 255
# Fifteen digits survive a JSON number, which is read as a double before it becomes a decimal.
AMOUNT_DIGITS, AMOUNT_PLACES = 15, 2

ENTITY = "lead"

Custom = Mapping[int, Any]
"""Values of the portal's own fields by the field's id, as JSON has them; empty ones are left out."""

Given = Mapping[str, Any]
"""What somebody wrote: fields of ``LeadDetails`` by name; ``address.city`` is one part of a field.

A list of entries may be given as ``EntryChanges``, ``custom`` as what changes of it (``None`` empties).
"""


@dataclass(frozen=True, slots=True)
class LeadDetails:
    """What people write into a lead.

    ``external_id`` is its number in another system, one lead each; ``originator_id`` and ``origin_id`` are
    for programs that keep several systems in step and need no such promise.
    """

    title: str
    status: str
    currency: str
    responsible_id: UserId
    source: str | None = None
    first_name: str = ""
    last_name: str = ""
    middle_name: str = ""
    company_title: str = ""
    position: str = ""
    amount: Decimal | None = None
    comment: str = ""
    external_id: str | None = None
    originator_id: str | None = None
    origin_id: str | None = None
    is_public: bool = True
    phones: tuple[Phone, ...] = ()
    emails: tuple[Email, ...] = ()
    webs: tuple[Web, ...] = ()
    messengers: tuple[Messenger, ...] = ()
    honorific: str | None = None
    birth_date: date | None = None
    address: Address = NOWHERE
    utm: Utm = UNMARKED
    source_description: str = ""
    status_description: str = ""
    is_amount_manual: bool = False
    custom: Custom = field(default_factory=dict, hash=False)

    def lookup_keys(self, region: str) -> list[str]:
        """Return the forms of its numbers and addresses that it is found by."""
        return lookup_keys(self.phones, self.emails, region)

    def with_given(self, given: Given) -> "LeadDetails":
        """Return the details with what is given, whatever of it may be wrong."""
        whole = dict(given)
        for name in [name for name in given if "." in name]:
            field_name, _, part = name.partition(".")
            base = whole.get(field_name, getattr(self, field_name))
            whole[field_name] = replace(base, **{part: whole.pop(name)})
        for name, kind in ENTRIES.items():
            if name in whole:
                whole[name] = _entries(kind, getattr(self, name), whole[name])
        if "custom" in whole:
            merged = {**self.custom, **whole["custom"]}
            whole["custom"] = {key: value for key, value in merged.items() if value is not None}
        return replace(self, **whole)


ENTRIES: Mapping[str, type[Phone | Email | Web | Messenger]] = {
    "phones": Phone,
    "emails": Email,
    "webs": Web,
    "messengers": Messenger,
}


@dataclass(frozen=True, slots=True)
class Change:
    """When something happened and who did it (``None``: the system)."""

    at: datetime
    by: int | None


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead as it is kept; ``version`` counts its changes.

    ``moved`` is the last change of its status; ``closed_at`` stands while that is one of the final ones.
    """

    id: LeadId
    version: int
    details: LeadDetails
    created_at: datetime
    created_by: int | None
    updated_at: datetime
    updated_by: int | None = None
    moved_at: datetime | None = None
    moved_by: int | None = None
    closed_at: datetime | None = None

    def updated(
        self, details: LeadDetails, change: Change, *, is_final: bool = False
    ) -> tuple["Lead", Fact | None]:
        """Return the changed lead and what is told; nothing changed, nothing told."""
        changes = _changes(self.details, details)
        if not changes:
            return self, None
        lead = replace(
            self,
            details=details,
            version=self.version + 1,
            updated_at=change.at,
            updated_by=change.by,
        )
        if "status" in changes:
            lead = lead.moved(change, is_final=is_final)
        return lead, Fact(ENTITY, self.id, "updated", {"changes": changes})

    def moved(self, change: Change, *, is_final: bool) -> "Lead":
        """Return the lead as it is once its status has changed."""
        closed_at = change.at if is_final else None
        return replace(self, moved_at=change.at, moved_by=change.by, closed_at=closed_at)

    def deleted(self) -> Fact:
        """Return what is told when the lead is gone."""
        return Fact(ENTITY, self.id, "deleted", {"title": self.details.title})

    def value_of(self, name: str) -> Any:
        """Return a field of the lead or of its details; dots lead to a part of one."""
        holder = self if hasattr(self, name) else self.details
        return attrgetter(name)(holder)


def created(lead: LeadId, details: LeadDetails, **origin: object) -> Fact:
    """Return what is told about a new lead; ``origin`` says more about where it came from."""
    told = ("title", "status", "source", "responsible_id", "amount", "currency")
    return Fact(
        ENTITY, lead, "created", {n: _plain(getattr(details, n)) for n in told} | dict(origin)
    )


def _entries(kind: type[Any], old: tuple[Any, ...], given: Any) -> tuple[Any, ...]:
    return changed(kind, old, given) if isinstance(given, EntryChanges) else numbered(old, given)


def _changes(old: LeadDetails, new: LeadDetails) -> Mapping[str, Mapping[str, Any]]:
    pairs = ((f.name, getattr(old, f.name), getattr(new, f.name)) for f in fields(LeadDetails))
    different = ((n, *_differing(a, b)) for n, a, b in pairs if a != b)
    return {n: {"old": _plain(a), "new": _plain(b)} for n, a, b in different}


def _differing(old: Any, new: Any) -> tuple[Any, Any]:
    """Return of many values only those that differ."""
    if not isinstance(old, Mapping):
        return old, new
    keys = {key for key in (*old, *new) if old.get(key) != new.get(key)}
    return {k: old.get(k) for k in keys}, {k: new.get(k) for k in keys}


def _plain(value: Any) -> Any:
    """Return the value as JSON has it."""
    match value:
        case Decimal() | date():
            return str(value)
        case tuple():
            return [{"value": one.value, "type": one.type} for one in value]
        case Mapping():
            return {str(key): one for key, one in value.items()}
        case Address() | Utm():
            return asdict(value)
        case _:
            return value
