"""The JSON of event handlers and dead letters."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from portal.modules.webhooks.domain.handlers import (
    LONGEST_TOKEN,
    LONGEST_URL,
    SHORTEST_TOKEN,
    Handler,
    HandlerChange,
    HandlerState,
    MadeHandler,
    NewHandler,
    OffReason,
)
from portal.modules.webhooks.domain.lanes import DeadLetter
from portal.modules.webhooks.schemas.inbound import RowId, Title

MOST_EVENTS = 50
MOST_LETTERS = 200

Url = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_URL),
    Field(description="http or https, public", examples=["https://example.com/told"]),
]
EventName = Annotated[str, StringConstraints(min_length=1, max_length=100)]
EventNames = Annotated[
    list[EventName],
    Field(min_length=1, max_length=MOST_EVENTS, examples=[["ONCRMLEADADD"]]),
]
Token = Annotated[
    str,
    StringConstraints(
        min_length=SHORTEST_TOKEN, max_length=LONGEST_TOKEN, pattern=r"^[A-Za-z0-9._-]+$"
    ),
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class HandlerIn(_Body):
    """An event handler to make."""

    url: Url
    events: EventNames
    title: Title = ""
    application_token: Token | None = Field(
        default=None, repr=False, description="made for you if left out"
    )

    def to_domain(self) -> NewHandler:
        """Map the wire to the use case."""
        return NewHandler(self.url, self.events, self.title, self.application_token)


class HandlerChangeIn(_Body):
    """What to change; what is left out stays."""

    url: Url | None = None
    events: EventNames | None = None
    title: Title | None = None
    application_token: Token | None = Field(default=None, repr=False)
    state: HandlerState | None = Field(
        default=None, description="switched on, it goes on where it stopped"
    )

    def to_domain(self) -> HandlerChange:
        """Map the wire to the use case."""
        return HandlerChange(self.url, self.events, self.title, self.application_token, self.state)


class RedeliveryIn(_Body):
    """Which dead letters to try again."""

    dead_letters: Annotated[list[RowId], Field(min_length=1, max_length=MOST_LETTERS)] | None = (
        Field(default=None, description="all, if left out")
    )


class HandlerOut(BaseModel):
    """An event handler, without its token."""

    id: int
    url: str
    events: list[str]
    title: str
    state: HandlerState
    off_reason: OffReason | None
    failing_since: datetime | None = Field(description="null: it took the last event")
    failed_tries: int = Field(description="since it last took an event")
    created_at: datetime
    created_by: int | None
    webhook_id: int | None = Field(description="through which webhook it was bound, if through one")

    @classmethod
    def of(cls, handler: Handler) -> Self:
        """Map the domain to the wire."""
        return cls(**_values(handler))


class HandlerMadeOut(HandlerOut):
    """A fresh event handler; its token is shown this once."""

    application_token: str = Field(repr=False)

    @classmethod
    def made(cls, made: MadeHandler) -> Self:
        """Map a fresh handler to the wire."""
        return cls(**_values(made.handler), application_token=made.token)


class HandlerDetailOut(HandlerOut):
    """An event handler, and what is on its way to it."""

    waiting: int = Field(description="events that were not taken and are tried again")
    dead_letters: int = Field(description="events that are not tried any more")

    @classmethod
    def counted(cls, handler: Handler, waiting: int, dead: int) -> Self:
        """Map the domain to the wire."""
        return cls(**_values(handler), waiting=waiting, dead_letters=dead)


class DeadLetterOut(BaseModel):
    """An event that its receiver did not take at any try."""

    id: int
    event: str
    entity: str
    entity_id: int
    happened_at: datetime
    tries: int
    error: str = Field(description="of the last try")
    died_at: datetime
    data: dict[str, Any]

    @classmethod
    def of(cls, letter: DeadLetter) -> Self:
        """Map the domain to the wire."""
        delivery = letter.delivery
        entity, entity_id = delivery.entity
        assert delivery.id is not None  # noqa: S101  # it was read
        return cls(
            id=delivery.id,
            event=delivery.event,
            entity=entity,
            entity_id=entity_id,
            happened_at=delivery.happened_at,
            tries=delivery.tries,
            error=delivery.error,
            died_at=letter.died_at,
            data=delivery.data,
        )


class RedeliveryOut(BaseModel):
    """How many dead letters are tried again."""

    state: Literal["begun"] = "begun"
    dead_letters: int


class EventOut(BaseModel):
    """An event that handlers can be told of."""

    name: str = Field(examples=["ONCRMLEADADD"])
    scope: str = Field(description="what a webhook needs to bind it")


def _values(handler: Handler) -> dict[str, Any]:
    return {
        "id": handler.id,
        "url": handler.url,
        "events": list(handler.events),
        "title": handler.title,
        "state": handler.state,
        "off_reason": handler.off_reason,
        "failing_since": handler.health.failing_since,
        "failed_tries": handler.health.failed_tries,
        "created_at": handler.created_at,
        "created_by": handler.created_by,
        "webhook_id": handler.webhook_id,
    }
