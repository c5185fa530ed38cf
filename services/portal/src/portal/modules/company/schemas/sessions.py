"""The JSON of logging in."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, StringConstraints

from portal.modules.company.domain.sessions import LONGEST_PASSWORD, LoggedIn
from portal.modules.company.schemas.fields import Body, Name, Password
from portal.modules.company.schemas.people import UserOut


class LoginIn(Body):
    """Who wants to log in."""

    email: Annotated[str, StringConstraints(max_length=254)]
    password: Annotated[str, StringConstraints(max_length=LONGEST_PASSWORD)]


class AcceptanceIn(Body):
    """How the invited person wants to be known."""

    token: Annotated[str, StringConstraints(max_length=128)]
    password: Password
    first_name: Name = ""
    last_name: Name = ""


class SessionOut(BaseModel):
    """A fresh session; the token is shown this once."""

    token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  # the name of the scheme
    expires_at: datetime
    user: UserOut

    @classmethod
    def of(cls, opened: LoggedIn) -> Self:
        """Map a fresh session to the wire."""
        return cls(token=opened.token, expires_at=opened.expires_at, user=UserOut.of(opened.user))
