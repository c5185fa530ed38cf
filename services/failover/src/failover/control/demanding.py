"""How an operator's demand can end."""

from dataclasses import dataclass

from failover.demands import Refusal

ATTEMPTS = 3
"""So often a demand is weighed anew because the record changed meanwhile."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A demand was admitted; ``revision`` is that of the record that remembers it, if not a dry run."""

    why: str
    revision: int | None


class RefusedError(Exception):
    """Nothing was changed, and why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.why)
        self.refusal = refusal


class OvertakenError(Exception):
    """Others changed the record at each attempt; nothing was changed."""


class UnknownError(Exception):
    """There is no such pair or portal."""
