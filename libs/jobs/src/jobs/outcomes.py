"""How one turn of a job can end, and how long to wait before the next."""

import random
from dataclasses import dataclass

FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is left to do."""


@dataclass(frozen=True, slots=True)
class Again:
    """It got on; the next turn may begin after so many seconds.

    Or earlier, as soon as the portal's journal holds anything behind the entry that it ``awaits``.
    """

    after_seconds: float = 0.0
    awaits: int | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """It failed this time and may not the next: try until the attempts are used up."""

    error: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The work was tried and refused for good."""

    error: str


@dataclass(frozen=True, slots=True)
class Dead:
    """The job itself is broken: nobody knows how to do it."""

    error: str


Outcome = Done | Again | Retry | Failed | Dead


def backoff_seconds(attempts: int) -> float:
    """Return the wait after so many failed attempts: doubled each time, spread by up to a half.

    The spread keeps jobs that failed together, because one server was down, from returning together.
    """
    longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(attempts - 1, 32))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311  # spreads load, hides nothing
