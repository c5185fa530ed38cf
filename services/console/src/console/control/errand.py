"""One call of a verb: whom to ask, on which terms, whom to tell."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from console.control import pairs
from console.control.failover import Failover, Json
from console.control.outcome import Outcome
from console.control.pairs import Pair
from console.control.progress import Progress, follow
from console.errors import ConsoleError, Ending


@dataclass(frozen=True, slots=True)
class Errand:
    """``budget_seconds``: a switch that takes longer is taken back. A dry run only asks."""

    failover: Failover
    progress: Progress
    budget_seconds: float = 10.0
    is_dry_run: bool = False

    def pair(self, number: int) -> Pair:
        """Look at one pair."""
        return pairs.one_pair(self.failover.status(), number)

    def demand(self, pair: Pair, verb: str, **fields: object) -> Json:
        """Demand something of a pair as it was seen; raises ``RefusedError``."""
        body = {**fields, "term": pair.term, "dry_run": self.is_dry_run}
        answer = self.failover.post(f"/v1/pairs/{pair.id}/{verb}", body)
        if not self.is_dry_run:
            self.progress.say(answer["why"])
        return answer

    def follow(self, before: Pair, is_over: Callable[[Pair], bool], seconds: float) -> Pair:
        """Tell each decision and what is waited for, until it is over; return the pair as it is then."""
        told = before

        def look() -> Pair:
            nonlocal told
            pair = self.pair(before.id)
            for decision in pair.decisions_since(told):
                self.progress.say(decision["why"])
            told = pair
            return pair

        # what was said before it began may stand for a moment longer
        stale = before.duty
        return follow(
            look,
            lambda pair: pair.duty if pair.duty != stale else self.progress.last,
            is_over,
            self.progress,
            seconds,
        )

    def each(self, found: Sequence[Pair], verb: Callable[[Pair], Outcome]) -> list[Outcome]:
        """Do it to pair after pair; one that fails stops no other, and is an outcome."""
        return [self._attempt(pair, verb) for pair in found]

    def _attempt(self, pair: Pair, verb: Callable[[Pair], Outcome]) -> Outcome:
        try:
            return verb(pair)
        except ConsoleError as error:
            return Outcome(pair.name, error.ending, str(error))


def done(subject: str, why: str, pause_ms: int | None = None) -> Outcome:
    """Return that it is so now."""
    return Outcome(subject, Ending.DONE, why, pause_ms)


def admitted(subject: str, answer: Json) -> Outcome:
    """Return what a dry run was told."""
    return Outcome(subject, Ending.DONE, f"would be admitted: {answer['why']}")
