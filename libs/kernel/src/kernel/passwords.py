"""Passwords at rest: argon2id with the OWASP minimum (19 MiB, 2 passes, 1 lane), 20-30 ms of one core."""

import functools
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hashed(password: str) -> str:
    """Return the PHC string to store. Blocks for 20-30 ms: call it in a thread."""
    return _HASHER.hash(password)


def matches(stored: str | bytes | None, password: str) -> bool:
    """Tell whether the password is right. Takes as long when nothing is stored, and is then false."""
    try:
        _HASHER.verify(stored or _nobodys(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


@functools.cache
def _nobodys() -> str:
    return hashed(secrets.token_urlsafe())
