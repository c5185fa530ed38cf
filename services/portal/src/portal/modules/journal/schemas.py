"""The JSON of the journal."""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, Field

from db.journal import Entry


class ChangeOut(BaseModel):
    """One thing that happened."""

    id: int
    entity: str = Field(examples=["lead"])
    entity_id: int
    verb: str = Field(examples=["created"])
    actor: int | None = Field(description="user id; null is the system")
    at: datetime
    payload: dict[str, Any]

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """Map a journal entry to the wire."""
        return cls(
            id=entry.id,
            entity=entry.entity,
            entity_id=entry.entity_id,
            verb=entry.verb,
            actor=entry.actor,
            at=entry.at,
            payload=dict(entry.payload),
        )


class ChangesOut(BaseModel):
    """A stretch of the journal."""

    items: list[ChangeOut]
    cursor: int = Field(description="give it as `since` to read on")
    more: bool = Field(description="there is more right now")
