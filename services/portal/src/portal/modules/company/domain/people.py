"""A person: invited or added, active, perhaps dismissed, and what may be changed about him."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from kernel.errors import ForbiddenError, UnauthenticatedError
from kernel.facts import Fact
from portal.modules.company.contracts import UserId, UserRole, UserState
from portal.modules.company.domain.profiles import PROFILE, Profile, changes
from portal.modules.company.errors import (
    AlreadyDismissedError,
    NotDismissedError,
    NotInvitedError,
    OwnDismissalError,
)

ENTITY = "user"
LONGEST_NAME = 100
UNKNOWN = Profile()
NAMES = ("email", "first_name", "last_name", "middle_name")
# What the company says of a person; the rest he may write himself
COMPANYS_OWN = frozenset({"email", "department_ids", "position", "extension", "employed_on"})


@dataclass(frozen=True, slots=True)
class User:
    """A person of the company."""

    id: UserId
    email: str
    first_name: str
    last_name: str
    role: UserRole
    state: UserState
    locale: str
    confirmed_at: datetime | None
    created_at: datetime
    dismissed_at: datetime | None = None
    middle_name: str = ""
    profile: Profile = UNKNOWN
    last_login_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def is_active(self) -> bool:
        """Whether he belongs to the company, or will as soon as he takes up his invitation."""
        return self.state is not UserState.DISMISSED

    @property
    def full_name(self) -> str:
        """First and last name, or the address of somebody who gave neither."""
        return f"{self.first_name} {self.last_name}".strip() or self.email

    def updated(self, given: Mapping[str, Any], at: datetime) -> tuple["User", Mapping[str, Any]]:
        """Return the person with what is given (``NAMES`` and ``PROFILE``), and what has changed.

        A new address is one that nobody has confirmed.
        """
        profile = replace(self.profile, **{n: given[n] for n in PROFILE if n in given})
        user = replace(self, profile=profile, **{n: given[n] for n in NAMES if n in given})
        changed = {
            **changes(self, user, NAMES),
            **changes(self.profile, user.profile, PROFILE),
        }
        if not changed:
            return self, changed
        confirmed_at = self.confirmed_at if user.email == self.email else None
        return replace(user, confirmed_at=confirmed_at, updated_at=at), changed

    def dismiss(self, by: UserId, at: datetime) -> tuple["User", Fact]:
        """Return the dismissed person; his name stays on whatever he made."""
        if by == self.id:
            raise OwnDismissalError
        if self.state is UserState.DISMISSED:
            raise AlreadyDismissedError(id=self.id)
        dismissed = replace(self, state=UserState.DISMISSED, dismissed_at=at, updated_at=at)
        return dismissed, Fact(ENTITY, self.id, "dismissed")

    def restore(self, by: UserId, at: datetime, *, has_password: bool) -> tuple["User", Fact]:
        """Return the person who came back; who never chose a password is invited as before."""
        if self.state is not UserState.DISMISSED:
            raise NotDismissedError(id=self.id)
        if by == self.id:  # nodes know his ended session for some seconds more
            raise UnauthenticatedError
        state = UserState.ACTIVE if has_password else UserState.INVITED
        restored = replace(self, state=state, dismissed_at=None, updated_at=at)
        return restored, Fact(ENTITY, self.id, "restored", {"state": state.value})

    def accept(self, first_name: str, last_name: str, at: datetime) -> tuple["User", Fact]:
        """Return the person who took up his invitation; the link proves his address."""
        if self.state is not UserState.INVITED:
            raise NotInvitedError(id=self.id)
        active = replace(
            self,
            state=UserState.ACTIVE,
            first_name=first_name or self.first_name,
            last_name=last_name or self.last_name,
            confirmed_at=at,
            updated_at=at,
        )
        return active, Fact(ENTITY, self.id, "joined")

    def confirm(self, at: datetime) -> tuple["User", Fact]:
        """Return the person who reads mail at his address."""
        confirmed = replace(self, confirmed_at=self.confirmed_at or at, updated_at=at)
        return confirmed, Fact(ENTITY, self.id, "confirmed")


@dataclass(frozen=True, slots=True)
class Member:
    """A person and the departments where he stands."""

    user: User
    department_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Editor:
    """Who changes a person."""

    user_id: UserId
    is_administrator: bool

    def require_may_change(self, user: UserId, names: AbstractSet[str]) -> None:
        """Raise ``ForbiddenError`` unless an administrator, or changing what is his own to say."""
        if self.is_administrator:
            return
        if user != self.user_id or names & COMPANYS_OWN:
            raise ForbiddenError


def normalised_email(email: str) -> str:
    """Two spellings of one address must meet: lower case throughout, spaces gone."""
    return email.strip().lower()
