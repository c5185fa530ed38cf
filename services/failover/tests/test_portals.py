"""The switch of one portal: in every order of events nothing is written twice, lost, or read too old."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from failover import portals
from failover.demands import Code
from failover.portals import Portal, PortalSnapshot, Raised, Readiness
from failover.record import Join, Pair
from failover.state import Fence

from .observations import PEACE, A, B

HOME = Portal(home=A, epoch=3)
BUDGET_SECONDS = 10.0
MOST_WRITES = 3
MOST_SWITCHES = 2


@dataclass(frozen=True)
class World:
    """Two servers, the record, and who acts by it; writes are numbered, both logs are prefixes of them.

    ``records``: each that there was: somebody may still write by it. ``known``: the one that a live web node
    has confirmed. ``shown``: how many of the acknowledged writes each server shows.
    """

    records: tuple[Portal, ...] = (HOME,)
    rows: tuple[int, int] = (3, 3)
    shown: tuple[int, int] = (0, 0)
    written: int = 0
    word: tuple[int, int] | None = None
    known: int = 0
    is_late: bool = False
    ghosts: frozenset[int] = frozenset()

    @property
    def portal(self) -> Portal:
        return self.records[-1]

    def seen(self) -> PortalSnapshot:
        return PortalSnapshot(self.portal, PEACE, 99.0 if self.is_late else 0.0)

    def changed(self, after: Portal | None) -> "World":
        """Compare-and-set; what servers said of the record goes with it."""
        return self if after is None else replace(self, records=(*self.records, after), word=None)


def raised(epoch: int, logged: int) -> Raised:
    return Raised(epoch, PEACE.revision, {"": logged})


SITES = (A, B)
Event = Callable[[World], Iterator[World]]


def begin(world: World) -> Iterator[World]:
    target = B if world.portal.home == A else A
    if sum(record.target is not None for record in world.records) < MOST_SWITCHES:
        decision = portals.begin(world.seen(), target, world.portal.epoch, BUDGET_SECONDS)
        yield replace(world.changed(decision.after), is_late=False)


def be_late(world: World) -> Iterator[World]:
    yield replace(world, is_late=True)


def take_back(world: World) -> Iterator[World]:
    yield world.changed(portals.supervise(world.seen()).after)


def raise_row(world: World) -> Iterator[World]:
    """An agent does what the record wants now, or what an older one wanted."""
    ghosts = world.ghosts
    if world.portal.is_draining:
        ghosts |= {portals.wanted_fence(world.portal).term}
    for number in range(2):
        for epoch in ghosts:
            rows = list(world.rows)
            rows[number] = max(rows[number], epoch)
            yield replace(world, rows=(rows[0], rows[1]), ghosts=ghosts)


def say(world: World) -> Iterator[World]:
    """The source says what it had logged when its row stood, or later."""
    if world.portal.target is not None:
        source, epoch = SITES.index(world.portal.home), portals.wanted_fence(world.portal).term
        if world.rows[source] == epoch:
            yield replace(world, word=(epoch, world.shown[source]))


def release(world: World) -> Iterator[World]:
    """The agent of the next owner decides."""
    if world.portal.is_draining:
        own = SITES.index(portals.next_owner(world.portal, PEACE))
        readiness = Readiness(
            own=raised(world.rows[own], 0),
            source=None if world.word is None else raised(*world.word),
            applied={"": world.shown[own]},
            nodes_behind=int(world.known < len(world.records) - 1),
        )
        yield world.changed(portals.release(world.portal, PEACE, readiness).after)


def confirm(world: World) -> Iterator[World]:
    yield replace(world, known=len(world.records) - 1)


def write(world: World) -> Iterator[World]:
    """Somebody writes by any record there was, past the gate if need be: only the fence stops him."""
    if world.written == MOST_WRITES:
        return
    for record in world.records:
        number = SITES.index(record.home)
        if world.rows[number] == record.epoch:
            assert world.shown[number] == world.written, "written at a server that lacks a write"
            shown = list(world.shown)
            shown[number] += 1
            yield replace(world, shown=(shown[0], shown[1]), written=world.written + 1)


def apply(world: World) -> Iterator[World]:
    yield replace(world, shown=(world.written, world.written))


EVENTS: tuple[Event, ...] = (
    *(begin, be_late, take_back, raise_row, say),
    *(release, confirm, write, apply),
)


def check_reads(world: World) -> None:
    """A live node that does not hold reads at least what was acknowledged."""
    record = world.records[world.known]
    if not record.is_draining:
        shown = world.shown[SITES.index(record.home)]
        assert shown == world.written, "a live node reads less than was acknowledged"


def explore() -> set[World]:
    """Return every state that any order of events leads to."""
    found, ahead = {World()}, [World()]
    while ahead:
        world = ahead.pop()
        for event in EVENTS:
            for after in event(world):
                if after not in found:
                    check_reads(after)
                    found.add(after)
                    ahead.append(after)
    return found


def test_no_order_of_events_loses_a_write_or_shows_less_than_was_acknowledged() -> None:
    found = explore()

    assert {world.portal.home for world in found if not world.portal.is_draining} == {A, B}
    homes: dict[int, set[str]] = {}
    for world in found:
        for record in world.records:
            if not record.is_draining:
                homes.setdefault(record.epoch, set()).add(record.home)
        by_epoch = [record.epoch for record in world.records if not record.is_draining]
        assert len(set(by_epoch)) == len(by_epoch), "an epoch was given away twice"
    assert homes[5] == {A, B}  # either of them may get it


def without(**lies: Any) -> Callable[[Portal, Pair, Readiness], portals.PortalDecision]:
    """Return a decision that does not ask one of its questions."""
    decide = portals.release
    return lambda portal, pair, known: decide(portal, pair, replace(known, **lies))


def raising_too_little(portal: Portal) -> Fence:
    return Fence(portal.epoch, is_open=True)


MISTAKES: dict[str, tuple[str, Any]] = {
    "the source is not asked": (
        "find_obstacle",
        lambda epoch, pair, known: known.nodes_behind or None,
    ),
    "the target may be behind": ("behind", lambda have, need: 0),
    "nodes are not asked": ("release", without(nodes_behind=0)),
    "rows open under the first epoch": ("wanted_fence", raising_too_little),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_exploration_finds(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, mutant = MISTAKES[mistake]
    monkeypatch.setattr(portals, name, mutant)

    with pytest.raises(AssertionError):
        explore()


def finished(world: World) -> World:
    """Let everybody do his part once and again, in the order of a switch without faults."""
    world = replace(world, rows=(portals.wanted_fence(world.portal).term,) * 2)
    for event in (apply, say, confirm, release):
        for after in event(world):
            world = after
    return world


def test_a_portal_goes_to_its_target_where_it_is_open_at_once() -> None:
    (begun,) = begin(World())
    world = finished(begun)

    assert world.portal == Portal(home=B, epoch=5, until_at=BUDGET_SECONDS)
    assert world.rows == (5, 5)


def test_over_its_budget_the_portal_opens_again_at_home_under_a_new_epoch() -> None:
    (begun,) = begin(World())
    (back,) = take_back(replace(begun, is_late=True))
    assert back.portal.is_draining

    world = finished(back)

    assert world.portal == Portal(home=A, epoch=5, until_at=BUDGET_SECONDS)
    assert world.rows[0] == 5


def test_a_word_under_another_record_of_the_pair_does_not_count() -> None:
    leaving = replace(HOME, epoch=4, is_draining=True, target=B)
    pair, word = replace(PEACE, revision=8), Raised(5, 7, {})

    assert portals.release(leaving, pair, Readiness(word, word)).after is None
    said = replace(word, pair=8)
    assert portals.release(leaving, pair, Readiness(said, said)).after is not None


def test_a_pair_that_changes_gets_no_portal_but_may_keep_one() -> None:
    pair, word = replace(PEACE, alone=frozenset((A,))), Raised(5, PEACE.revision, {})
    leaving = replace(HOME, epoch=4, is_draining=True, target=B, until_at=BUDGET_SECONDS)

    assert portals.release(leaving, pair, Readiness(word, word)).after is None
    back = portals.supervise(PortalSnapshot(leaving, pair, 0.0)).after
    assert back is not None
    assert portals.release(back, pair, Readiness(word, None)).after == replace(
        HOME, epoch=5, until_at=BUDGET_SECONDS
    )


@pytest.mark.parametrize(
    ("portal", "pair", "target", "epoch", "code"),
    [
        (HOME, PEACE, B, 2, Code.WRONG_TERM),
        (HOME, PEACE, A, 3, Code.ALREADY_THERE),
        (HOME, PEACE, "witness", 3, Code.UNKNOWN_SITE),
        (replace(HOME, is_draining=True), PEACE, B, 3, Code.MOVE_RUNS),
        (replace(HOME, is_suspended=True), PEACE, B, 3, Code.SUSPENDED),
        (HOME, replace(PEACE, alone=frozenset((A,))), B, 3, Code.NOT_SYNC),
        (HOME, replace(PEACE, move=Join()), B, 3, Code.NOT_SYNC),
    ],
)
def test_a_switch_is_refused(
    portal: Portal, pair: Pair, target: str, epoch: int, code: Code
) -> None:
    decision = portals.begin(PortalSnapshot(portal, pair, 0.0), target, epoch, BUDGET_SECONDS)

    assert decision.after is None
    assert decision.refusal is not None
    assert decision.refusal.code == code
