"""A contact: a person or a company one knows, and the others that it may be a duplicate of."""

from dataclasses import dataclass
from datetime import datetime

from kernel.facts import Fact
from portal.modules.crm.contracts import CardKind, ContactId
from portal.modules.crm.domain.communications import Email, Phone, lookup_keys
from portal.modules.crm.errors import ContactNamelessError

# More cards with one number than that are not somebody's duplicates, but a switchboard's.
MOST_DUPLICATES = 50
# Numbers or addresses that are asked about at once
MOST_ASKED = 20


@dataclass(frozen=True, slots=True)
class ContactDetails:
    """What people write into a contact."""

    first_name: str = ""
    last_name: str = ""
    company_title: str = ""
    phones: tuple[Phone, ...] = ()
    emails: tuple[Email, ...] = ()

    @property
    def title(self) -> str:
        """The name by which it is listed."""
        return f"{self.first_name} {self.last_name}".strip() or self.company_title

    def lookup_keys(self, region: str) -> list[str]:
        """Return the forms of its numbers and addresses that it is found by."""
        return lookup_keys(self.phones, self.emails, region)

    def require_name(self) -> None:
        """Raise unless it can be listed under some name."""
        if not self.title:
            raise ContactNamelessError


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact as it is kept."""

    id: ContactId
    details: ContactDetails
    created_at: datetime
    created_by: int | None


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A card that shares a number or an address."""

    kind: CardKind
    id: int
    title: str


def created(contact: ContactId, details: ContactDetails) -> Fact:
    """Return what is told about a new contact."""
    return Fact(CardKind.CONTACT.value, contact, "created", {"title": details.title})
