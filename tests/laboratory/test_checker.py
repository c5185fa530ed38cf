"""The laboratory's judge finds what is wrong, and only that."""

import itertools
from collections.abc import Sequence
from pathlib import Path

from laboratory import checker, history
from laboratory.checker import Findings
from laboratory.history import History, Operation, Outcome
from laboratory.numbers import spread

OK, FAIL, UNKNOWN = Outcome.OK, Outcome.FAIL, Outcome.UNKNOWN
_numbers = itertools.count()


def operation(  # noqa: PLR0917  # short in tests
    kind: str,
    value: object,
    start: float = 0,
    end: float | None = 1,
    outcome: Outcome = OK,
    answer: object = None,
) -> Operation:
    return Operation(next(_numbers), 0, kind, "p", value, start, start, end, outcome, answer=answer)


def create(value: str, outcome: Outcome = OK, answer: object = None) -> Operation:
    return operation("create", value, outcome=outcome, answer=answer)


def append(value: str, start: float, end: float | None, outcome: Outcome = OK) -> Operation:
    return operation("append", value, start, end, outcome)


def look(seen: Sequence[str], start: float, end: float) -> Operation:
    return operation("look", None, start, end, answer=list(seen))


def test_what_was_acknowledged_and_is_there_is_fine() -> None:
    operations = [create("a"), create("b")]
    assert checker.judge_set(operations, [("p", "a"), ("p", "b")]).is_clean


def test_what_was_acknowledged_and_is_not_there_is_lost() -> None:
    assert checker.judge_set([create("a")], []) == Findings(lost=["p: a"])


def test_what_is_unknown_may_be_there_or_not() -> None:
    operations = [create("a", UNKNOWN), create("b", UNKNOWN)]
    assert checker.judge_set(operations, [("p", "a")]).is_clean


def test_what_was_refused_or_never_tried_is_unexpected() -> None:
    found = [("p", "a"), ("p", "b")]
    assert checker.judge_set([create("a", FAIL)], found).unexpected == ["p: a", "p: b"]


def test_what_is_there_twice_is_a_duplicate() -> None:
    assert checker.judge_set([create("a")], [("p", "a")] * 2).duplicated == ["p: a"]


def test_an_id_given_twice_is_found() -> None:
    assert not checker.judge_ids([create("a", answer=7), create("b", answer=7)]).is_clean
    assert checker.judge_ids([create("a", answer=7), create("b", answer=9)]).is_clean


def test_who_was_told_that_it_is_written_must_find_it() -> None:
    written = operation("create", "a", 0, 1)
    early = operation("read", "a", 0.5, 2, answer=False)
    late = operation("read", "a", 1.5, 2, answer=False)
    assert checker.judge_reads([written, early]).is_clean
    assert len(checker.judge_reads([written, late]).stale) == 1


def test_a_list_that_explains_every_look_is_fine() -> None:
    operations = [
        append("a", 0, 1),
        append("b", 1, None, UNKNOWN),
        look(["a"], 1.5, 2),
        look(["a", "b"], 2, 3),
        append("c", 3, 4),
    ]
    assert checker.judge_appends(operations, {"p": ["a", "b", "c"]}).is_clean


def test_a_look_older_than_an_acknowledged_append_is_stale() -> None:
    operations = [append("a", 0, 1), append("b", 1, 2), look(["a"], 2.5, 3)]
    assert len(checker.judge_appends(operations, {"p": ["a", "b"]}).stale) == 1


def test_a_look_at_what_never_came_to_be_is_an_anomaly() -> None:
    operations = [append("a", 0, 1), append("x", 1, None, UNKNOWN), look(["a", "x"], 2, 3)]
    assert len(checker.judge_appends(operations, {"p": ["a"]}).anomalies) == 1


def test_an_order_against_time_is_an_anomaly() -> None:
    operations = [append("a", 0, 1), append("b", 2, 3)]
    assert checker.judge_appends(operations, {"p": ["a", "b"]}).is_clean
    assert len(checker.judge_appends(operations, {"p": ["b", "a"]}).anomalies) == 1


def test_appends_are_lost_unexpected_and_doubled_like_members_of_a_set() -> None:
    operations = [append("a", 0, 1), append("b", 1, 2), append("c", 2, 3, FAIL)]
    findings = checker.judge_appends(operations, {"p": ["b", "b", "c"]})
    assert findings.lost == ["p: a"]
    assert findings.duplicated == ["p: b"]
    assert findings.unexpected == ["p: c"]


def test_money_is_neither_made_nor_lost() -> None:
    assert checker.judge_bank([operation("total", None, answer=20)], 20).is_clean
    assert not checker.judge_bank([operation("total", None, answer=19)], 20).is_clean
    assert checker.judge_balances([(0, 1, 5)], 10, {0: 5, 1: 15}).is_clean
    assert not checker.judge_balances([(0, 1, 5)], 10, {0: 5, 1: 10}).is_clean


def test_a_history_is_read_as_it_was_written_and_what_never_ended_is_unknown(
    tmp_path: Path,
) -> None:
    written = History.begin(tmp_path / "history.jsonl")
    first = written.invoke(1, "create", "p", "a", due=0.0)
    written.invoke(2, "create", "p", "b", due=0.0)
    written.note("fault", fault="Kill('dc-a:mariadb')")
    written.end(first, OK, answer=7)
    written.close()
    read = history.read(tmp_path / "history.jsonl")
    assert [(o.value, o.outcome, o.answer) for o in read] == [("a", OK, 7), ("b", UNKNOWN, None)]


def test_percentiles_are_measurements_that_so_many_do_not_exceed() -> None:
    measured = spread([0.1 * n for n in range(1, 101)])
    assert (measured.p50, measured.p95, measured.max) == (5.0, 9.5, 10.0)
    assert measured.count == 100
