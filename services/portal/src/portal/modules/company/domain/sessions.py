"""The rules of logging in: passwords, tokens, links sent by mail."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.modules.company.domain.people import User
from portal.modules.company.errors import PasswordWeakError

SESSION_LIFE = timedelta(days=30)
INVITATION_LIFE = timedelta(days=7)
CONFIRMATION_LIFE = timedelta(days=30)

SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 128

# Ten wrong passwords in five minutes for one address; then wait (OWASP ASVS 2.2.1 asks for a limit).
LOGIN_FAILURES = 10
LOGIN_WINDOW = timedelta(minutes=5)


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
