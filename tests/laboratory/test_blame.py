"""A failed request is put down to the fault that cost it."""

from laboratory.blame import Blow, by_kind
from laboratory.history import Operation, Outcome

KILL, CUT = Blow("mariadb killed", 10, 12), Blow("a link cut", 20, 22)


def failed(due: float, ended: float | None, code: str = "503 unavailable") -> Operation:
    return Operation(1, 0, "create", "p", "a", due, due, ended, Outcome.FAIL, code=code)


def test_to_blame_is_the_first_fault_that_went_on_while_the_request_waited() -> None:
    assert by_kind([KILL, CUT], [failed(11, 21)]) == {KILL.kind: {"503 unavailable": 1}}
    assert by_kind([KILL, CUT], [failed(9.9, 10.1)]) == {KILL.kind: {"503 unavailable": 1}}
    assert by_kind([KILL, CUT], [failed(19, None, "")]) == {CUT.kind: {"no answer": 1}}


def test_in_calm_the_fault_before_is_to_blame() -> None:
    assert list(by_kind([KILL, CUT], [failed(13, 14)])) == [KILL.kind]
    assert list(by_kind([KILL, CUT], [failed(25, 26)])) == [CUT.kind]
    assert list(by_kind([KILL, CUT], [failed(1, 2)])) == ["no fault"]


def test_the_worst_kind_comes_first_with_its_codes() -> None:
    counts = by_kind([KILL, CUT], [failed(11, 12), failed(21, 22), failed(21, 22, "500 internal")])
    assert list(counts) == [CUT.kind, KILL.kind]
    assert counts[CUT.kind] == {"503 unavailable": 1, "500 internal": 1}
