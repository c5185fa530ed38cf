"""How something ended, for people and for scripts."""

from collections.abc import Sequence
from dataclasses import dataclass

from typing_extensions import override

from console.control.failover import Json
from console.errors import Ending

WORDS = {
    Ending.DONE: "done",
    Ending.FAILED: "failed",
    Ending.REFUSED: "refused, nothing was changed",
    Ending.TAKEN_BACK: "taken back",
    Ending.GOES_ON: "not finished",
    Ending.STOPPED: "stopped",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one portal, pair or datacentre. ``pause_ms``: its requests were held so long at most."""

    subject: str
    ending: Ending
    why: str
    pause_ms: int | None = None

    def to_json(self) -> Json:
        """Return the documented form."""
        return {
            "subject": self.subject,
            "outcome": self.ending.name.lower().replace("_", "-"),
            "why": self.why,
            "pause_ms": self.pause_ms,
        }

    @override
    def __str__(self) -> str:
        """Return the last line for people."""
        pause = "" if self.pause_ms is None else f", pause {self.pause_ms} ms"
        return f"{self.subject}: {WORDS[self.ending]}{pause}: {self.why}"


def worst(outcomes: Sequence[Outcome]) -> Ending:
    """Return the exit code for all of them: that of the first that was not done."""
    return next((o.ending for o in outcomes if o.ending is not Ending.DONE), Ending.DONE)
