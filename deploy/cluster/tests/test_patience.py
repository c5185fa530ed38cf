"""The watchdog gives a process up only when it is sure, and one at a time."""

from collections.abc import Sequence

from cluster.patience import (
    FAILURES,
    RETURN_SECONDS,
    START_SECONDS,
    Condition,
    Look,
    Patience,
)

ROUND_SECONDS = 4.0
NODES = ("dc-a:portal-1", "dc-a:portal-2")


class Watched:
    """Two web nodes and their watchdog, with a clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.ill: set[str] = set()
        self.deaf: set[str] = set()
        self.pids = dict.fromkeys(NODES, 1)
        self._patience = Patience()

    def rounds(self, count: int) -> list[str]:
        """Look so often; return what was given up."""
        return [look.name for _ in range(count) for look in self._round()]

    def _round(self) -> Sequence[Look]:
        self.now += ROUND_SECONDS
        looks = [Look(name, pid, self._condition(name)) for name, pid in self.pids.items()]
        chosen = self._patience.choose(looks, self.now)
        return [] if chosen is None else [chosen]

    def _condition(self, name: str) -> Condition:
        if name in self.deaf:
            return Condition.DEAF
        return Condition.WRONG if name in self.ill else Condition.WELL


def healthy() -> Watched:
    watched = Watched()
    watched.rounds(2)
    return watched


def test_a_process_that_hangs_is_given_up_after_some_looks_and_no_earlier() -> None:
    watched = healthy()
    watched.ill.add(NODES[0])

    assert watched.rounds(FAILURES - 1) == []
    assert watched.rounds(1) == [NODES[0]]


def test_a_process_that_answers_now_and_then_is_left_alone() -> None:
    watched = healthy()

    for _ in range(10):
        watched.ill = {NODES[0]}
        assert watched.rounds(FAILURES - 1) == []
        watched.ill = set()
        assert watched.rounds(1) == []


def test_the_next_is_given_up_only_when_the_first_is_back() -> None:
    watched = healthy()
    watched.ill.update(NODES)

    (first,) = watched.rounds(FAILURES)
    assert watched.rounds(2) == []
    watched.pids[first] = 2
    watched.ill.discard(first)

    assert watched.rounds(1) == [n for n in NODES if n != first]


def test_one_that_never_comes_back_does_not_keep_the_others_from_help_for_ever() -> None:
    watched = healthy()
    watched.ill.update(NODES)

    again = watched.rounds(FAILURES + int(RETURN_SECONDS / ROUND_SECONDS) + 2)

    assert len(again) == 2


def test_a_process_has_time_to_start() -> None:
    watched = Watched()
    watched.deaf.add(NODES[0])
    looks = int(START_SECONDS / ROUND_SECONDS)

    assert watched.rounds(looks) == []
    assert watched.rounds(FAILURES + 1) == [NODES[0]]


def test_one_that_hangs_from_its_first_connection_on_has_started() -> None:
    watched = Watched()
    watched.ill.add(NODES[0])

    assert watched.rounds(FAILURES + 1) == [NODES[0]]


def test_a_successor_has_time_to_start_too() -> None:
    watched = healthy()
    watched.deaf.add(NODES[0])
    watched.rounds(FAILURES - 1)
    watched.pids[NODES[0]] = 2

    assert watched.rounds(FAILURES) == []


def test_after_the_machine_slept_counting_begins_anew() -> None:
    watched = healthy()
    watched.ill.update(NODES)

    watched.rounds(FAILURES - 1)
    watched.now += 3600

    assert watched.rounds(FAILURES) == []
    assert len(watched.rounds(1)) == 1
