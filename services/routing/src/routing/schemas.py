"""The JSON that clients send. What they get back is written by ``to_json`` of the values themselves."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from kernel.ids import PairId, PortalId
from routing.domain import PairChange, PairMode, PortalChange, PortalState

# written as a decimal string, since JavaScript cannot count 63 bits
PortalIn = Annotated[PortalId, Field(gt=0, lt=2**63)]
Saga = dict[str, Any]


class ClaimIn(BaseModel):
    """A host name wanted for a portal; without ``pair`` the emptiest of the home is taken."""

    portal: PortalIn
    host: str = Field(max_length=255)
    home: str
    pair: PairId | None = None
    saga: Saga


NodeIn = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,63}$")]


class ConfirmationIn(BaseModel):
    """Up to which revision a web node knows all routes."""

    revision: int = Field(ge=1)


class SagaIn(BaseModel):
    """Progress of a sign-up."""

    revision: int
    saga: Saga


class PlaceIn(BaseModel):
    """Where the new portal lies."""

    pair: PairId
    home: str
    epoch: int = Field(ge=1)
    state: PortalState


class PublicationIn(BaseModel):
    """The last step of a sign-up."""

    revision: int
    pair_revision: int = Field(description="of the pair as read before its fences were opened")
    route: PlaceIn
    saga: Saga


class PortalChangeIn(BaseModel):
    """What to change of a portal as read at ``revision``."""

    revision: int
    state: PortalState | None = None
    home: str | None = None
    epoch: int | None = Field(default=None, ge=1)

    def change(self) -> PortalChange:
        """Return the domain's form."""
        return PortalChange(self.state, self.home, self.epoch)


class PairChangeIn(BaseModel):
    """What to change of a pair as read at ``revision``."""

    revision: int
    mode: PairMode | None = None
    solo: str | None = None
    term: int | None = Field(default=None, ge=1)
    serving: dict[str, str] | None = None

    def change(self) -> PairChange:
        """Return the domain's form."""
        return PairChange(self.mode, self.solo, self.term, self.serving)


class PlacementIn(BaseModel):
    """Where a portal should go: at a datacentre, or where a region belongs."""

    home: str | None = None
    region: str | None = None
