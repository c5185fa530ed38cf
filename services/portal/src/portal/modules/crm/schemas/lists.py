"""The JSON of lists: statuses, sources and the like."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from portal.modules.crm.contracts import ListKind, Semantics
from portal.modules.crm.domain.lists import (
    HIGHEST_POSITION,
    LONGEST_ENTRY_CODE,
    LONGEST_ENTRY_NAME,
    PLAIN_COLOUR,
    ListEntry,
    NewEntry,
)
from portal.modules.crm.schemas.fields import Body, printable

EntryName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=LONGEST_ENTRY_NAME),
    AfterValidator(printable),
]
EntryCode = Annotated[
    str,
    StringConstraints(pattern=r"^[\w.:-]+$", max_length=LONGEST_ENTRY_CODE),
    AfterValidator(printable),
    Field(examples=["IN_PROCESS"]),
]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$", to_lower=True)]
Place = Annotated[int, Field(ge=0, le=HIGHEST_POSITION)]


class EntryPatch(Body):
    """What to change of an entry; its code and what it means stay."""

    name: EntryName = Field(default_factory=str, description="empty: the one it had at first")
    position: Place = Field(default_factory=int)
    colour: Colour = Field(default_factory=str, examples=["#2f80ed"])

    def given(self) -> dict[str, Any]:
        """Return the fields that were sent."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class EntryIn(Body):
    """An entry to add."""

    kind: ListKind
    code: EntryCode
    name: EntryName = Field(min_length=1)
    position: Place | None = Field(None, description="default: behind those that mean the same")
    colour: Colour = PLAIN_COLOUR
    semantics: Semantics | None = Field(
        None,
        description="of a status of leads: process, or failure for a final one; default: process",
    )

    def entry(self) -> NewEntry:
        """Map the wire to the domain."""
        return NewEntry(self.kind, self.code, self.name, self.position, self.colour, self.semantics)


class ListEntryOut(BaseModel):
    """One choice."""

    id: int
    kind: ListKind
    code: str = Field(examples=["IN_PROCESS"])
    name: str = Field(description="in the language of the portal")
    default_name: str = Field(description="the one it had at first")
    position: int = Field(description="place among those that mean the same")
    colour: str = Field(examples=["#2f80ed"])
    semantics: Semantics | None = Field(description="null: the list has none")
    is_system: bool = Field(description="it cannot be removed")

    @classmethod
    def of(cls, entry: ListEntry) -> Self:
        """Map the domain to the wire."""
        return cls(
            id=entry.id,
            kind=entry.kind,
            code=entry.code,
            name=entry.name,
            default_name=entry.default_name,
            position=entry.position,
            colour=entry.colour,
            semantics=entry.semantics,
            is_system=entry.is_system,
        )


class ListOut(BaseModel):
    """A portal's list, in its order."""

    items: list[ListEntryOut]
