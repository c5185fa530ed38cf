"""The rules of people and sessions. No database, no HTTP, no clock of its own."""

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kernel.facts import Fact
from portal.modules.company.contracts import UserId, UserRole, UserState
from portal.modules.company.errors import AlreadyDismissedError, NotInvitedError, PasswordWeakError

SESSION_LIFE = timedelta(days=30)
INVITATION_LIFE = timedelta(days=7)
CONFIRMATION_LIFE = timedelta(days=30)

SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 128

# Ten wrong passwords in five minutes for one address; then wait (OWASP ASVS 2.2.1 asks for a limit).
LOGIN_FAILURES = 10
LOGIN_WINDOW = timedelta(minutes=5)


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

    @property
    def full_name(self) -> str:
        """First and last name, or the address of somebody who gave neither."""
        return f"{self.first_name} {self.last_name}".strip() or self.email

    def dismiss(self, at: datetime) -> tuple["User", Fact]:
        """Return the dismissed person; his name stays on whatever he made."""
        if self.state is UserState.DISMISSED:
            raise AlreadyDismissedError(id=self.id)
        dismissed = replace(self, state=UserState.DISMISSED, dismissed_at=at)
        return dismissed, Fact("user", self.id, "dismissed")

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
        )
        return active, Fact("user", self.id, "joined")

    def confirm(self, at: datetime) -> tuple["User", Fact]:
        """Return the person who reads mail at his address."""
        return replace(self, confirmed_at=self.confirmed_at or at), Fact(
            "user", self.id, "confirmed"
        )


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A fresh session; the token is shown this once."""

    user: User
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class LoginFailures:
    """Wrong passwords for one address since the window began."""

    count: int
    since: datetime

    def blocked_for(self, now: datetime) -> timedelta | None:
        """How long to wait before the next try, if at all."""
        ends = self.since + LOGIN_WINDOW
        return ends - now if self.count >= LOGIN_FAILURES and now < ends else None

    def and_another(self, now: datetime) -> "LoginFailures":
        """Return the count after one more wrong password; a new window when the old one is over."""
        if now >= self.since + LOGIN_WINDOW:
            return LoginFailures(1, now)
        return LoginFailures(self.count + 1, self.since)


def normalised_email(email: str) -> str:
    """Two spellings of one address must meet: lower case throughout, spaces gone."""
    return email.strip().lower()


def require_good_password(password: str, email: str) -> None:
    """Raise unless long enough and not the address itself (NIST 800-63B: no composition rules)."""
    too_simple = password.lower() in {email, email.split("@", maxsplit=1)[0]}
    if too_simple or not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise PasswordWeakError(shortest=SHORTEST_PASSWORD, longest=LONGEST_PASSWORD)


def new_token() -> str:
    """An opaque bearer token: 256 random bits."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is stored instead of the token; 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).digest()
