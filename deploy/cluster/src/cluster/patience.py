"""When a process that is not well is given up: never at once, never two at a time, never after a sleep."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

FAILURES = 3
"""Looks in a row; one proves nothing."""
START_SECONDS = 60.0
"""So long a process that has not listened yet may take to start."""
RETURN_SECONDS = 30.0
"""So long its successor is waited for before another process is given up."""
SLEPT_SECONDS = 8.0
"""Two rounds are never so far apart, unless this machine stood still."""


class Condition(Enum):
    """How a process was found."""

    WELL = auto()
    DEAF = auto()
    """It takes no connections, like one that is starting."""
    WRONG = auto()
    """It takes them, but hangs or answers wrongly."""
    LARGE = auto()
    """It answers, and uses too much memory."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a process gave; ``why`` it is not well, in words."""

    name: str
    pid: int
    condition: Condition = Condition.WELL
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Case:
    pid: int
    since: float
    has_listened: bool = False
    failures: int = 0


class Patience:
    """Remembers the looks at the processes of one site."""

    def __init__(self) -> None:
        self._cases: dict[str, _Case] = {}
        self._looked_at: float | None = None
        self._given_up: tuple[Look, float] | None = None

    def choose(self, looks: Sequence[Look], now: float) -> Look | None:
        """Take in a round of looks; return the process that is to be replaced now."""
        slept = self._looked_at is None or now - self._looked_at > SLEPT_SECONDS
        self._looked_at = now
        self._cases = {look.name: self._case(look, now, slept=slept) for look in looks}
        if self._awaits_successor(now):
            return None
        lost = [look for look in looks if self._cases[look.name].failures >= FAILURES]
        chosen = max(lost, key=lambda look: self._cases[look.name].failures, default=None)
        self._given_up = None if chosen is None else (chosen, now)
        return chosen

    def _case(self, look: Look, now: float, *, slept: bool) -> _Case:
        case = self._cases.get(look.name)
        if case is None or case.pid != look.pid:
            case = _Case(look.pid, now)
        if look.condition is not Condition.DEAF:
            case = replace(case, has_listened=True)
        if look.condition is Condition.WELL or slept:
            return replace(case, failures=0)
        if not case.has_listened and now - case.since < START_SECONDS:
            return case
        return replace(case, failures=case.failures + 1)

    def _awaits_successor(self, now: float) -> bool:
        if self._given_up is None:
            return False
        gone, at = self._given_up
        case = self._cases.get(gone.name)
        is_back = case is not None and case.pid != gone.pid and case.has_listened
        return not is_back and now - at < RETURN_SECONDS
