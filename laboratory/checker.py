"""Judges histories: pure functions from what the clients saw and what is there in the end to findings.

No well-kept checker for Python was found: Knossos and Elle are Clojure, Porcupine is Go. The workloads are
chosen so that small linear checks suffice. Every value is written once and names its write, so lists show
their order, sets their losses, and nobody has to search for an order that explains a register.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields

from laboratory.history import Operation, Outcome

CREATE, READ, APPEND, LOOK, TRANSFER, TOTAL = (
    "create",
    "read",
    "append",
    "look",
    "transfer",
    "total",
)


@dataclass(frozen=True, slots=True)
class Findings:
    """What is wrong, each with its examples; all empty is what was promised."""

    lost: list[str] = field(default_factory=list)
    """Acknowledged, and not there."""
    unexpected: list[str] = field(default_factory=list)
    """There, and never attempted, or refused for certain."""
    duplicated: list[str] = field(default_factory=list)
    """There twice, or an id given twice."""
    stale: list[str] = field(default_factory=list)
    """Reads older than what their reader, or anybody, had been told before."""
    anomalies: list[str] = field(default_factory=list)
    """Orders and sums that cannot be."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not any(getattr(self, each.name) for each in fields(self))

    def __add__(self, other: "Findings") -> "Findings":
        """Return both."""
        merged = (getattr(self, f.name) + getattr(other, f.name) for f in fields(self))
        return Findings(*merged)


def judge_set(operations: Iterable[Operation], found: Collection[tuple[str, str]]) -> Findings:
    """Compare what was created with what there is in the end: ``(key, value)``, as often as it is there."""
    created = [o for o in operations if o.kind == CREATE]
    acknowledged = {(o.key, o.value) for o in created if o.is_ok}
    possible = {(o.key, o.value) for o in created if o.outcome is not Outcome.FAIL}
    there = Counter(found)
    return Findings(
        lost=_names(acknowledged - there.keys()),
        unexpected=_names(there.keys() - possible),
        duplicated=_names(each for each, times in there.items() if times > 1),
    )


def judge_ids(operations: Iterable[Operation]) -> Findings:
    """No id is ever given to two, whatever datacentre gave it; answers of creations are their ids."""
    owners = defaultdict(set)
    for operation in operations:
        if operation.kind == CREATE and operation.is_ok:
            owners[operation.answer].add((operation.key, operation.value))
    twice = {id_: values for id_, values in owners.items() if len(values) > 1}
    return Findings(duplicated=[f"id {id_}: {sorted(v)}" for id_, v in twice.items()])


def judge_reads(operations: Iterable[Operation]) -> Findings:
    """Whoever was told that a value is written finds it; a read's answer is whether it was there."""
    written: dict[tuple[str, str], float] = {
        (o.key, o.value): o.ended
        for o in operations
        if o.kind == CREATE and o.is_ok and o.ended is not None
    }
    stale = [
        f"{o.key}: {o.value} not there {o.invoked - written[o.key, o.value]:.3f} s after"
        for o in operations
        if o.kind == READ and o.is_ok and not o.answer
        if written.get((o.key, o.value), o.invoked) < o.invoked
    ]
    return Findings(stale=stale)


def judge_appends(operations: Sequence[Operation], final: Mapping[str, Sequence[str]]) -> Findings:
    """Each list in the end has what was acknowledged, once, in an order that explains every look at it.

    With every element named by its write this is a check for linearizability: the final list is the one
    possible order; a look must be a prefix of it that holds all that was acknowledged before it began.
    """
    by_list = defaultdict(list)
    for operation in operations:
        if operation.kind in {APPEND, LOOK}:
            by_list[operation.key].append(operation)
    verdict = Findings()
    for key, its in by_list.items():
        verdict += _judge_list(key, its, list(final.get(key, ())))
    return verdict


def judge_bank(operations: Iterable[Operation], total: int) -> Findings:
    """Money is moved, never made: every total ever read is the one there was in the beginning."""
    wrong = [
        f"{o.key}: total {o.answer} instead of {total}"
        for o in operations
        if o.kind == TOTAL and o.is_ok and o.answer != total
    ]
    return Findings(anomalies=wrong)


def judge_balances(
    moves: Iterable[tuple[int, int, int]], first: int, last: Mapping[int, int]
) -> Findings:
    """Each account holds what it began with and what the moves ``(source, target, amount)`` made of it.

    Whether the moves are the right ones is judged as a set: each has a number of its own.
    """
    expected = dict.fromkeys(last, first)
    for source, target, amount in moves:
        expected[source] -= amount
        expected[target] += amount
    return Findings(
        anomalies=[
            f"account {account} holds {last[account]} instead of {balance}"
            for account, balance in expected.items()
            if last[account] != balance
        ]
    )


def _judge_list(key: str, operations: Sequence[Operation], final: Sequence[str]) -> Findings:
    appends = [o for o in operations if o.kind == APPEND]
    acknowledged = {o.value for o in appends if o.is_ok}
    possible = {o.value for o in appends if o.outcome is not Outcome.FAIL}
    there = Counter(final)
    return Findings(
        lost=_of(key, acknowledged - there.keys()),
        unexpected=_of(key, there.keys() - possible),
        duplicated=_of(key, (value for value, times in there.items() if times > 1)),
        stale=[*_stale_looks(key, operations, final)],
        anomalies=[*_strange_looks(key, operations, final), *_strange_order(key, appends, final)],
    )


def _stale_looks(key: str, operations: Sequence[Operation], final: Sequence[str]) -> Iterable[str]:
    """Looks that lack something that was acknowledged before they began."""
    place = {value: index for index, value in enumerate(final)}
    acknowledged = sorted(
        (o.ended, place[o.value])
        for o in operations
        if o.kind == APPEND and o.is_ok and o.ended is not None and o.value in place
    )
    reached, newest = 0, -1
    for look in sorted(_looks(operations), key=lambda o: o.invoked):
        while reached < len(acknowledged) and acknowledged[reached][0] < look.invoked:
            newest = max(newest, acknowledged[reached][1])
            reached += 1
        if len(look.answer) <= newest:
            yield f"{key}: {len(look.answer)} seen by {look.number}, {newest + 1} acknowledged before"


def _strange_looks(
    key: str, operations: Sequence[Operation], final: Sequence[str]
) -> Iterable[str]:
    """Looks at what never became part of the list: no prefix of what it is in the end."""
    for look in _looks(operations):
        if list(look.answer) != list(final[: len(look.answer)]):
            yield f"{key}: {look.number} saw another list than there is in the end"


def _strange_order(key: str, appends: Sequence[Operation], final: Sequence[str]) -> Iterable[str]:
    """Elements that stand before one which was acknowledged before they were attempted."""
    begun = {o.value: o.invoked for o in appends}
    earliest_end = {o.value: o.ended for o in appends if o.is_ok and o.ended is not None}
    latest_begin = float("-inf")
    for value in final:
        latest_begin = max(latest_begin, begun.get(value, latest_begin))
        if earliest_end.get(value, latest_begin) < latest_begin:
            yield f"{key}: {value} stands behind what was begun after its acknowledgement"


def _looks(operations: Iterable[Operation]) -> list[Operation]:
    return [o for o in operations if o.kind == LOOK and o.is_ok]


def _of(key: str, values: Iterable[str]) -> list[str]:
    return sorted(f"{key}: {value}" for value in values)


def _names(pairs: Iterable[tuple[str, str]]) -> list[str]:
    return sorted(f"{key}: {value}" for key, value in pairs)
