"""Adding contacts by hand, with a warning when they seem to be here already."""

from collections.abc import Callable, Sequence
from datetime import datetime

from kernel.facts import Fact
from portal.modules.crm.domain.contacts import Contact, ContactDetails, Duplicate, created
from portal.modules.crm.repository.contacts import ContactStore


class ContactService:
    """Use cases of contacts."""

    def __init__(
        self,
        *,
        contacts: ContactStore,
        region: str,
        publish: Callable[[Fact], None],
        by: int,
        now: datetime,
    ) -> None:
        self._contacts = contacts
        self._region = region
        self._publish = publish
        self._by = by
        self._now = now

    async def add(self, details: ContactDetails) -> tuple[Contact, Sequence[Duplicate]]:
        """Add the contact; return it with those that it may be a duplicate of."""
        details.require_name()
        duplicates = await self._contacts.duplicates(details.lookup_keys(self._region))
        contact = await self._contacts.add(details)
        self._publish(created(contact, details))
        return Contact(contact, details, self._now, self._by), duplicates
