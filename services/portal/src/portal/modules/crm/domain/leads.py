"""A lead: what may stand in it, and what is told when it changes."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from kernel.facts import Fact
from portal.modules.company.contracts import UserId
from portal.modules.crm.contracts import LeadId
from portal.modules.crm.domain.communications import Email, Phone, lookup_keys

LONGEST_TITLE = 255
LONGEST_NAME = 100
LONGEST_COMPANY = 255
LONGEST_COMMENT = 10_000
LONGEST_CODE = 50
LONGEST_EXTERNAL_ID = 255
# Fifteen digits survive a JSON number, which is read as a double before it becomes a decimal.
AMOUNT_DIGITS, AMOUNT_PLACES = 15, 2

ENTITY = "lead"


@dataclass(frozen=True, slots=True)
class LeadDetails:
    """What people write into a lead. ``external_id`` is its number in another system, one lead each."""

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
    phones: tuple[Phone, ...] = ()
    emails: tuple[Email, ...] = ()
    external_id: str | None = None

    def lookup_keys(self, region: str) -> list[str]:
        """Return the forms of its numbers and addresses that it is found by."""
        return lookup_keys(self.phones, self.emails, region)


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead as it is kept; ``version`` counts its changes."""

    id: LeadId
    version: int
    details: LeadDetails
    created_at: datetime
    created_by: int | None
    updated_at: datetime

    def updated(self, details: LeadDetails, at: datetime) -> tuple["Lead", Fact | None]:
        """Return the changed lead and what is told; nothing changed, nothing told."""
        changes = _changes(self.details, details)
        if not changes:
            return self, None
        lead = replace(self, details=details, version=self.version + 1, updated_at=at)
        return lead, Fact(ENTITY, self.id, "updated", {"changes": changes})

    def deleted(self) -> Fact:
        """Return what is told when the lead is gone."""
        return Fact(ENTITY, self.id, "deleted", {"title": self.details.title})


def created(lead: LeadId, details: LeadDetails, **origin: object) -> Fact:
    """Return what is told about a new lead; ``origin`` says more about where it came from."""
    told = ("title", "status", "source", "responsible_id", "amount", "currency")
    return Fact(
        ENTITY, lead, "created", {n: _plain(getattr(details, n)) for n in told} | dict(origin)
    )


def _changes(old: LeadDetails, new: LeadDetails) -> Mapping[str, Mapping[str, Any]]:
    pairs = ((f.name, getattr(old, f.name), getattr(new, f.name)) for f in fields(LeadDetails))
    return {n: {"old": _plain(a), "new": _plain(b)} for n, a, b in pairs if a != b}


def _plain(value: Any) -> Any:
    """Return the value as JSON has it."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple):
        return [{"value": one.value, "type": one.type} for one in value]
    return value
