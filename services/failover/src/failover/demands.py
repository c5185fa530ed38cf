"""What an operator may ask of a pair, and the refusals: values with a stable code and a sentence."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class SwitchSides:
    """Serve ``sides`` at ``target``; give up and roll back when it takes longer than the budget."""

    sides: tuple[str, ...]
    target: str
    term: int
    budget_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Suspend:
    """Take a datacentre out of service for planned work; its sides must be served elsewhere first."""

    site: str
    term: int


@dataclass(frozen=True, slots=True)
class Resume:
    """Bring a suspended datacentre back through the rejoin."""

    site: str
    term: int


@dataclass(frozen=True, slots=True)
class Force:
    """Take over from ``lost`` although that loses data; ``loss`` repeats the stated loss word for word."""

    lost: str
    term: int
    loss: str


Demand = SwitchSides | Suspend | Resume | Force


class Code(StrEnum):
    """Why a demand, or an automatic takeover, is refused. Stable: part of the API."""

    ACKNOWLEDGED_ALONE = "acknowledged-alone"
    ALREADY_THERE = "already-there"
    ANTI_FLAP = "anti-flap"
    BEHIND = "behind"
    DIFFERENCES = "differences"
    FENCE_MISSING = "fence-missing"
    LOSS_NOT_STATED = "loss-not-stated"
    MOVE_RUNS = "move-runs"
    NOT_LOST = "not-lost"
    NOT_OWNER = "not-owner"
    NOT_SUSPENDED = "not-suspended"
    NOT_SYNC = "not-sync"
    NOT_WITHDRAWABLE = "not-withdrawable"
    RELAY_LOG_LOST = "relay-log-lost"
    STILL_SERVES = "still-serves"
    SUSPENDED = "suspended"
    TAKEOVER_RUNS = "takeover-runs"
    UNKNOWN_SITE = "unknown-site"
    UNKNOWN_STATE = "unknown-state"
    WRONG_CLOCK = "wrong-clock"
    WRONG_TERM = "wrong-term"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Nothing was changed; the sentence is for people."""

    code: Code
    why: str
