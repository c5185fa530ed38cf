"""Which passwords we take (NIST SP 800-63B: length and a list, no composition rules), and their hashes."""

import asyncio
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from argon2 import PasswordHasher

SHORTEST, LONGEST = 8, 128

# OWASP's minimum: 19 MiB, two passes, one lane. The hash names its parameters, so they can be raised.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
THREADS = 2


class Hasher:
    """Hashes in threads, few at a time: each holds 19 MiB and a core for tens of milliseconds."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(THREADS)

    async def hash(self, password: str) -> str:
        """Return the argon2id hash in PHC form."""
        async with self._slots:
            return await asyncio.to_thread(_HASHER.hash, password)


def is_common(password: str) -> bool:
    """Whether everybody who guesses would try it first."""
    return password.casefold() in _common()


def is_one_of(password: str, known: Iterable[str]) -> bool:
    """Whether it is one of the words that stand beside it in the form."""
    return password.casefold().strip() in {word.casefold() for word in known}


@cache
def _common() -> frozenset[str]:
    text = files("signup").joinpath("common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))
