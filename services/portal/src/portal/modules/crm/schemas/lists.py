"""The JSON of statuses and sources."""

from typing import Self

from pydantic import BaseModel, Field

from portal.modules.crm.contracts import ListKind
from portal.modules.crm.domain.lists import ListEntry


class ListEntryOut(BaseModel):
    """One choice."""

    kind: ListKind
    code: str = Field(examples=["IN_PROCESS"])
    name: str = Field(description="in the language of the portal")
    position: int = Field(description="place in the list, from 1 on")
    colour: str = Field(examples=["#2f80ed"])

    @classmethod
    def of(cls, entry: ListEntry) -> Self:
        """Map the domain to the wire."""
        return cls(
            kind=entry.kind,
            code=entry.code,
            name=entry.name,
            position=entry.position,
            colour=entry.colour,
        )


class ListOut(BaseModel):
    """A portal's list, in its order."""

    items: list[ListEntryOut]
