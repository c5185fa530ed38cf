"""The JSON that operators send."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from failover.demands import Force, Resume, Suspend, SwitchSides

Site = Annotated[str, Field(min_length=1, max_length=64)]
Budget = Annotated[float, Field(gt=0, le=60)]


class _Verb(BaseModel):
    model_config = ConfigDict(extra="forbid")

    dry_run: bool = False


class SwitchIn(_Verb):
    """Serve sides elsewhere."""

    sides: list[Site] = Field(min_length=1, max_length=2)
    target: Site
    term: int
    budget_seconds: Budget = 10.0

    def demand(self) -> SwitchSides:
        """Return the core's form."""
        return SwitchSides(tuple(self.sides), self.target, self.term, self.budget_seconds)


class SuspendIn(_Verb):
    """Take a datacentre out of service."""

    site: Site
    term: int

    def demand(self) -> Suspend:
        """Return the core's form."""
        return Suspend(self.site, self.term)


class ResumeIn(_Verb):
    """Let a suspended datacentre come back."""

    site: Site
    term: int

    def demand(self) -> Resume:
        """Return the core's form."""
        return Resume(self.site, self.term)


class ForceIn(_Verb):
    """Take over with loss."""

    lost: Site
    term: int
    loss: str = Field(max_length=1000)

    def demand(self) -> Force:
        """Return the core's form."""
        return Force(self.lost, self.term, self.loss)


class PortalSwitchIn(_Verb):
    """Move a portal to the other side of its pair."""

    target: Site
    epoch: int
    budget_seconds: Budget = 10.0


class ApplyIn(BaseModel):
    """Apply late changes; ``overwrite`` also where the row was changed since."""

    model_config = ConfigDict(extra="forbid")

    overwrite: bool = False
