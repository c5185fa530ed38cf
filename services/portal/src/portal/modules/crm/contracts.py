"""What other modules may know about leads and contacts."""

from enum import StrEnum
from typing import NewType

LeadId = NewType("LeadId", int)
ContactId = NewType("ContactId", int)
FieldId = NewType("FieldId", int)
EntryId = NewType("EntryId", int)


class CardKind(StrEnum):
    """What a phone number or an address of mail can belong to."""

    LEAD = "lead"
    CONTACT = "contact"


class ListKind(StrEnum):
    """The lists that each portal has of its own; ``domain/defaults.toml`` has what is in them at first."""

    LEAD_STATUS = "lead_status"
    LEAD_SOURCE = "lead_source"
    HONORIFIC = "honorific"


class Semantics(StrEnum):
    """What it means for a lead to have a status."""

    PROCESS = "process"
    SUCCESS = "success"
    FAILURE = "failure"

    @property
    def is_final(self) -> bool:
        """Whether nothing more is done about such a lead."""
        return self is not Semantics.PROCESS
