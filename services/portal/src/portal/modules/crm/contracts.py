"""What other modules may know about leads and contacts."""

from enum import StrEnum
from typing import NewType

LeadId = NewType("LeadId", int)
ContactId = NewType("ContactId", int)


class CardKind(StrEnum):
    """What a phone number or an address of mail can belong to."""

    LEAD = "lead"
    CONTACT = "contact"


class ListKind(StrEnum):
    """The lists that each portal has of its own."""

    LEAD_STATUS = "lead_status"
    LEAD_SOURCE = "lead_source"
