"""The JSON of the company, its people and their sessions."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field, StringConstraints

from portal.modules.company.contracts import Department, UserRole, UserState
from portal.modules.company.domain import LONGEST_PASSWORD, SHORTEST_PASSWORD, LoggedIn, User

MOST_INVITATIONS = 100


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("control characters are not allowed")
    return text


Name = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=100), AfterValidator(_printable)
]
Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_printable),
]
Password = Annotated[
    str, StringConstraints(min_length=SHORTEST_PASSWORD, max_length=LONGEST_PASSWORD)
]
RowId = Annotated[int, Field(ge=1, le=2**63 - 1)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LoginIn(_Body):
    """Who wants to log in."""

    email: Annotated[str, StringConstraints(max_length=254)]
    password: Annotated[str, StringConstraints(max_length=LONGEST_PASSWORD)]


class InvitationsIn(_Body):
    """Whom to invite."""

    emails: Annotated[list[EmailStr], Field(min_length=1, max_length=MOST_INVITATIONS)]
    department_ids: Annotated[list[RowId], Field(max_length=50)] = []


class AcceptanceIn(_Body):
    """How the invited person wants to be known."""

    token: Annotated[str, StringConstraints(max_length=128)]
    password: Password
    first_name: Name = ""
    last_name: Name = ""


class UserIn(_Body):
    """Somebody to add by hand."""

    email: EmailStr
    password: Password
    first_name: Name = ""
    last_name: Name = ""
    role: UserRole = UserRole.EMPLOYEE
    department_ids: Annotated[list[RowId], Field(max_length=50)] = []


class DepartmentIn(_Body):
    """A department to make."""

    name: Title
    parent_id: RowId | None = None


class UserOut(BaseModel):
    """A person as clients see him."""

    id: int
    email: str
    first_name: str
    last_name: str
    role: UserRole
    state: UserState
    locale: str
    confirmed: bool = Field(description="he has shown that he reads mail at this address")
    created_at: datetime
    dismissed_at: datetime | None

    @classmethod
    def of(cls, user: User) -> Self:
        """Map the domain to the wire."""
        return cls(
            id=user.id,
            email=user.email,
            first_name=user.first_name,
            last_name=user.last_name,
            role=user.role,
            state=user.state,
            locale=user.locale,
            confirmed=user.confirmed_at is not None,
            created_at=user.created_at,
            dismissed_at=user.dismissed_at,
        )


class UserDetailOut(UserOut):
    """A person with the departments where he stands."""

    department_ids: list[int]


class PortalOut(BaseModel):
    """The portal itself."""

    id: str = Field(description="63 bits, so a string: JavaScript's numbers end at 2^53")
    host: str
    company: str
    region: str
    locale: str
    home_dc: str
    owner_dc: str = Field(description="where the portal is served right now")
    created_at: datetime


class MeOut(UserOut):
    """Who is logged in, and where."""

    department_ids: list[int]
    portal: PortalOut


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


class DepartmentOut(BaseModel):
    """A department."""

    id: int
    name: str
    parent_id: int | None

    @classmethod
    def of(cls, department: Department) -> Self:
        """Map a department to the wire."""
        return cls(id=department.id, name=department.name, parent_id=department.parent_id)


class ConfirmationOut(BaseModel):
    """A confirmed address."""

    email: str
    confirmed: Literal[True] = True
