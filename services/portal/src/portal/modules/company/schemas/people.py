"""The JSON of people."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, EmailStr, Field

from portal.modules.company.contracts import UserRole, UserState
from portal.modules.company.domain.people import Member, User, normalised_email
from portal.modules.company.domain.profiles import PROFILE, Gender
from portal.modules.company.schemas.fields import (
    Body,
    Day,
    Extension,
    Line,
    Name,
    Password,
    Phone,
    RowIds,
    Text,
    TimeZone,
)

MOST_INVITATIONS = 100


class InvitationsIn(Body):
    """Whom to invite."""

    emails: Annotated[list[EmailStr], Field(min_length=1, max_length=MOST_INVITATIONS)]
    department_ids: RowIds = Field(default_factory=list)


class UserIn(Body):
    """Somebody to add by hand."""

    email: EmailStr
    password: Password
    first_name: Name = ""
    last_name: Name = ""
    role: UserRole = UserRole.EMPLOYEE
    department_ids: RowIds = Field(default_factory=list)


class UserPatch(Body):
    """What to change; a field that is not sent stays as it is.

    Address, departments, position, extension and the day of employment are for administrators to change.
    """

    # factories, so that the document does not show values that are never used as defaults
    email: EmailStr = Field(default_factory=str)
    first_name: Name = Field(default_factory=str)
    last_name: Name = Field(default_factory=str)
    middle_name: Name = Field(default_factory=str)
    department_ids: RowIds = Field(default_factory=list)
    position: Line = Field(default_factory=str)
    extension: Extension = Field(default_factory=str)
    gender: Gender | None = None
    birthday: Day | None = None
    employed_on: Day | None = None
    time_zone: TimeZone = Field(default_factory=str)
    profession: Line = Field(default_factory=str)
    website: Line = Field(default_factory=str)
    personal_phone: Phone = Field(default_factory=str)
    personal_mobile: Phone = Field(default_factory=str)
    work_phone: Phone = Field(default_factory=str)
    street: Line = Field(default_factory=str)
    district: Line = Field(default_factory=str)
    city: Line = Field(default_factory=str)
    region: Line = Field(default_factory=str)
    postal_code: Line = Field(default_factory=str)
    country: Line = Field(default_factory=str)
    work_company: Line = Field(default_factory=str)
    work_website: Line = Field(default_factory=str)
    work_city: Line = Field(default_factory=str)
    work_country: Line = Field(default_factory=str)
    skills: Text = Field(default_factory=str)
    interests: Text = Field(default_factory=str)
    notes: Text = Field(default_factory=str)

    def given(self) -> dict[str, Any]:
        """Return the fields that were sent, as the domain has them."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        if "email" in given:
            given["email"] = normalised_email(given["email"])
        return given


class UserOut(BaseModel):
    """A person as clients see him."""

    id: int
    email: str
    first_name: str
    last_name: str
    middle_name: str
    position: str
    extension: str
    role: UserRole
    state: UserState
    locale: str
    confirmed: bool = Field(description="he has shown that he reads mail at this address")
    created_at: datetime
    dismissed_at: datetime | None
    last_login_at: datetime | None

    @classmethod
    def of(cls, user: User) -> Self:
        """Map the domain to the wire."""
        return cls(**_brief(user))


class UserDetailOut(UserOut):
    """A person, what is known of him and the departments where he stands."""

    department_ids: list[int]
    gender: Gender | None
    birthday: date | None
    employed_on: date | None
    time_zone: str
    profession: str
    website: str
    personal_phone: str
    personal_mobile: str
    work_phone: str
    street: str
    district: str
    city: str
    region: str
    postal_code: str
    country: str
    work_company: str
    work_website: str
    work_city: str
    work_country: str
    skills: str
    interests: str
    notes: str

    @classmethod
    def of_member(cls, member: Member) -> Self:
        """Map the domain to the wire."""
        known = {name: getattr(member.user.profile, name) for name in PROFILE}
        return cls(**{**_brief(member.user), **known, "department_ids": member.department_ids})


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


class MeOut(UserDetailOut):
    """Who is logged in, and where."""

    portal: PortalOut


class ConfirmationOut(BaseModel):
    """A confirmed address."""

    email: str
    confirmed: Literal[True] = True


def _brief(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "middle_name": user.middle_name,
        "position": user.profile.position,
        "extension": user.profile.extension,
        "role": user.role,
        "state": user.state,
        "locale": user.locale,
        "confirmed": user.confirmed_at is not None,
        "created_at": user.created_at,
        "dismissed_at": user.dismissed_at,
        "last_login_at": user.last_login_at,
    }
