"""What comes out of looking: one sentence why, and at most one thing to do.

At most one: the next is decided on what is seen after it.
"""

from dataclasses import dataclass

from failover.actions import ChangeRecord, Command, Resign
from failover.demands import Code, Refusal
from failover.record import Pair


@dataclass(frozen=True, slots=True)
class Decision:
    """Of the controller, about the record."""

    why: str
    action: ChangeRecord | Resign | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Duty:
    """Of an agent, towards its own database."""

    why: str
    command: Command | None = None


def change(pair: Pair, after: Pair, why: str) -> Decision:
    """Move the record from what was read to ``after``."""
    return Decision(why, ChangeRecord(after, pair.revision))


def refuse(code: Code, why: str) -> Decision:
    """Change nothing, and say why."""
    return Decision(why, refusal=Refusal(code, why))
