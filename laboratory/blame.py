"""Which fault cost whom a request: failures counted by the kind of the fault and by what was answered."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from laboratory.history import Operation


@dataclass(slots=True)
class Blow:
    """One fault, from its beginning to its healing."""

    kind: str
    start: float
    end: float = float("inf")


def by_kind(blows: Sequence[Blow], failed: Iterable[Operation]) -> Mapping[str, Counter[str]]:
    """Count failures by kind of fault, the worst kind first, and by code.

    A held request may outlive several faults: to blame is the first that was going on while it waited,
    or else the last before it.
    """
    counts: dict[str, Counter[str]] = {}
    for operation in failed:
        kind = _blamed(blows, operation)
        counts.setdefault(kind, Counter())[operation.code or "no answer"] += 1
    return dict(sorted(counts.items(), key=lambda each: -each[1].total()))


def _blamed(blows: Sequence[Blow], operation: Operation) -> str:
    ended = float("inf") if operation.ended is None else operation.ended
    before = [blow for blow in blows if blow.start <= ended]
    during = (blow for blow in before if blow.end >= operation.due)
    blamed = next(during, before[-1] if before else None)
    return "no fault" if blamed is None else blamed.kind
