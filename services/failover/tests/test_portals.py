"""The switch of one portal: in every order of events, at most one server writes, and nothing is lost."""

import itertools
from dataclasses import dataclass, field, replace

import pytest

from failover import portals
from failover.demands import Code
from failover.portals import Portal, PortalSnapshot, Server
from failover.record import Join, Pair
from failover.state import Fence

from .observations import PEACE, A, B

HOME = Portal(home=A, epoch=3)
Row = Fence


@dataclass
class Two:
    """Two servers with the portal's row, a log of writes at A, and how much of it B has applied."""

    portal: Portal = HOME
    pair: Pair = PEACE
    rows: dict[str, Row] = field(
        default_factory=lambda: dict.fromkeys((A, B), Row(3, is_open=True))
    )
    logged: int = 0
    applied: int = 0
    ghosts: list[tuple[str, Row]] = field(default_factory=list)
    wall: float = 0.0

    def seen(self) -> PortalSnapshot:
        servers = {
            A: Server(self.rows[A], {A: self.logged}, {A: self.logged}),
            B: Server(self.rows[B], {A: self.applied}, {A: self.applied}),
        }
        return PortalSnapshot(self.portal, self.pair, servers, self.wall)

    def begin(self) -> None:
        self.portal = portals.begin(self.seen(), B, self.portal.epoch, 10.0).after or self.portal

    def controller(self) -> None:
        self.portal = portals.decide(self.seen()).after or self.portal

    def follow(self, site: str) -> None:
        wanted = portals.wanted_fence(self.portal, self.rows[site], nodes_behind=0)
        if wanted is not None:
            self.ghosts.append((site, wanted))
            self.put(site, wanted)

    def follow_at_a(self) -> None:
        self.follow(A)

    def follow_at_b(self) -> None:
        self.follow(B)

    def put(self, site: str, row: Row) -> None:
        """What the fence table does: a row never goes back."""
        if row.term >= self.rows[site].term:
            self.rows[site] = row

    def write(self) -> None:
        """A node whose route is one epoch old, or new, writes at A while A is the home's server."""
        if self.rows[A].is_open and self.portal.home == A:
            self.logged += 1

    def apply(self) -> None:
        self.applied = self.logged

    def late(self) -> None:
        for site, row in self.ghosts:
            self.put(site, row)

    def expire(self) -> None:
        self.wall += 11.0

    def check(self) -> None:
        if self.portal.home == B:
            assert self.applied == self.logged
            assert self.rows[A].term > HOME.epoch or not self.rows[A].is_open


def test_no_order_of_events_loses_a_write() -> None:
    events = (Two.controller, Two.write, Two.apply, Two.late, Two.expire)
    moves = (*events, Two.follow_at_a, Two.follow_at_b)
    moved = 0
    for order in itertools.product(moves, repeat=6):
        two = Two()
        two.begin()
        for event in order:
            event(two)
            two.check()
        moved += two.portal.home == B
    assert moved > 100


@pytest.mark.parametrize("interrupted_after", range(8))
def test_whoever_leads_next_finishes_the_switch(interrupted_after: int) -> None:
    two = Two()
    two.write()
    two.begin()
    steps = (two.controller, two.follow_at_a, two.apply, two.follow_at_b) * 2
    for step in steps[:interrupted_after]:
        step()
    for step in (*steps, *steps):
        step()

    assert two.portal == Portal(home=B, epoch=5, until_at=10.0)
    assert two.rows == dict.fromkeys((A, B), Row(5, is_open=True))


def test_over_its_budget_the_portal_opens_again_at_home_under_a_new_epoch() -> None:
    two = Two()
    two.begin()
    two.follow(A)
    two.expire()
    two.controller()
    two.follow(A)
    two.controller()

    assert two.portal == Portal(home=A, epoch=5, until_at=10.0)
    assert two.rows[A] == Row(5, is_open=True)


def test_a_switched_portal_opens_when_the_last_live_node_knows() -> None:
    portal = Portal(home=B, epoch=5, is_draining=True)

    assert portals.wanted_fence(portal, Row(4, is_open=False), nodes_behind=1) is None
    assert portals.wanted_fence(portal, Row(4, is_open=False), nodes_behind=0) == Row(
        5, is_open=True
    )


@pytest.mark.parametrize(
    ("two", "target", "epoch", "code"),
    [
        (Two(), B, 2, Code.WRONG_TERM),
        (Two(), A, 3, Code.ALREADY_THERE),
        (Two(), "witness", 3, Code.UNKNOWN_SITE),
        (Two(portal=replace(HOME, is_draining=True)), B, 3, Code.MOVE_RUNS),
        (Two(pair=replace(PEACE, alone=frozenset((A,)))), B, 3, Code.NOT_SYNC),
        (Two(pair=replace(PEACE, move=Join())), B, 3, Code.NOT_SYNC),
    ],
)
def test_a_switch_is_refused(two: Two, target: str, epoch: int, code: Code) -> None:
    decision = portals.begin(two.seen(), target, epoch, 10.0)

    assert decision.after is None
    assert decision.refusal is not None
    assert decision.refusal.code == code
