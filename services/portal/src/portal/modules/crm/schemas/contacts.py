"""The JSON of contacts and duplicates."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from portal.modules.crm.contracts import CardKind
from portal.modules.crm.domain.contacts import Contact, ContactDetails, Duplicate
from portal.modules.crm.domain.entries import numbered
from portal.modules.crm.schemas.entries import (
    EmailJson,
    Emails,
    PhoneJson,
    Phones,
    emails_of,
    phones_of,
)
from portal.modules.crm.schemas.fields import Body, CompanyTitle, Name


class ContactIn(Body):
    """A contact to add; it needs a name or a company."""

    first_name: Name = ""
    last_name: Name = ""
    company_title: CompanyTitle = ""
    phones: Phones = Field(default_factory=list)
    emails: Emails = Field(default_factory=list)

    def details(self) -> ContactDetails:
        """Map the wire to the domain."""
        return ContactDetails(
            self.first_name,
            self.last_name,
            self.company_title,
            numbered((), phones_of(self.phones)),
            numbered((), emails_of(self.emails)),
        )


class ContactOut(BaseModel):
    """A contact as clients see it."""

    id: int
    first_name: str
    last_name: str
    company_title: str
    phones: list[PhoneJson]
    emails: list[EmailJson]
    created_at: datetime
    created_by: int | None = Field(description="user id; null is the system")

    @classmethod
    def of(cls, contact: Contact) -> Self:
        """Map the domain to the wire."""
        details = contact.details
        return cls(
            id=contact.id,
            first_name=details.first_name,
            last_name=details.last_name,
            company_title=details.company_title,
            phones=[PhoneJson.of(p) for p in details.phones],
            emails=[EmailJson.of(e) for e in details.emails],
            created_at=contact.created_at,
            created_by=contact.created_by,
        )


class DuplicateOut(BaseModel):
    """A card that is reached by the same number or address."""

    kind: CardKind
    id: int
    title: str

    @classmethod
    def of(cls, duplicate: Duplicate) -> Self:
        """Map the domain to the wire."""
        return cls(kind=duplicate.kind, id=duplicate.id, title=duplicate.title)


class DuplicatesOut(BaseModel):
    """Cards that are reached so, the oldest first; of very many only some."""

    items: list[DuplicateOut]

    @classmethod
    def of(cls, duplicates: Sequence[Duplicate]) -> Self:
        """Map the domain to the wire."""
        return cls(items=[DuplicateOut.of(d) for d in duplicates])


class AddedContactOut(ContactOut):
    """A contact that was just added."""

    duplicates: list[DuplicateOut] = Field(
        description="a warning: cards that were there and are reached by the same number or address"
    )
