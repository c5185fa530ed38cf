"""What a person gets who signed up."""

from typing import Any

from pydantic import BaseModel, Field

from kernel.settings import Settings
from signup.saga import PLAN, Saga


class PortalOut(BaseModel):
    """The new portal."""

    id: str = Field(description="a 63-bit number in decimal: too long for some JSON readers")
    host: str = Field(examples=["acme.portico.localhost"])
    url: str
    home_dc: str
    plan: str


class UserOut(BaseModel):
    """The person who signed up, the portal's first administrator."""

    id: int


class SignupOut(BaseModel):
    """The answer; ``token`` is a bearer token of the administrator."""

    portal: PortalOut
    user: UserOut
    token: str


def of(saga: Saga, settings: Settings) -> dict[str, Any]:
    """Return the answer to a completed saga, as JSON."""
    label = saga.application.host
    return {
        "portal": {
            "id": str(saga.portal),
            "host": settings.host_of(label),
            "url": settings.portal_url(label),
            "home_dc": saga.home,
            "plan": PLAN,
        },
        "user": {"id": saga.user},
        "token": saga.credentials.token,
    }
