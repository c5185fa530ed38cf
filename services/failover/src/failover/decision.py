"""A decision: one sentence why, and what follows from it."""

from dataclasses import dataclass

from failover.actions import Action, ChangeRecord
from failover.demands import Code, Refusal
from failover.record import Pair


@dataclass(frozen=True, slots=True)
class Decision:
    """At most one action at a time: the next one is decided on what is seen after it."""

    why: str
    action: Action | None = None
    refusal: Refusal | None = None


def change(pair: Pair, after: Pair, why: str) -> Decision:
    """Move the record from what was read to ``after``."""
    return Decision(why, ChangeRecord(after, pair.revision))


def refuse(code: Code, why: str) -> Decision:
    """Change nothing, and say why."""
    return Decision(why, refusal=Refusal(code, why))
