"""The rules of placement and of changing ownership."""

import pytest

from kernel.ids import PairId, PortalId
from routes import PairRecord, PortalRecord
from routing.domain import (
    PairChange,
    PairLoad,
    PairMode,
    PortalChange,
    PortalState,
    changed_pair,
    changed_portal,
    place,
)
from routing.errors import EpochNotRaisedError, NoCapacityError, PlaceInvalidError

BOTH = {"dc-a": "dc-a", "dc-b": "dc-b"}
PAIR = PairRecord(PairId(1), "SYNC", None, term=3, serving=BOTH, revision=1)
PORTAL = PortalRecord(PortalId(7), "acme", PairId(1), "dc-a", epoch=5, state="active", revision=2)


def load(number: int, portals: int, capacity: int = 100, *sites: str) -> PairLoad:
    return PairLoad(PairId(number), sites or ("dc-a", "dc-b"), capacity, portals)


def test_the_emptiest_pair_is_chosen_by_share_not_by_number() -> None:
    assert place("dc-a", [load(1, 50, 100), load(2, 60, 1000)]) == 2


def test_equal_pairs_are_taken_in_their_order() -> None:
    assert place("dc-a", [load(2, 0), load(1, 0)]) == 1


def test_a_pair_without_the_datacentre_is_never_chosen() -> None:
    assert place("dc-b", [load(1, 0, 100, "dc-a"), load(2, 99)]) == 2
    with pytest.raises(PlaceInvalidError):
        place("dc-c", [load(1, 0), load(2, 0)])


def test_full_pairs_are_an_error_of_their_own() -> None:
    with pytest.raises(NoCapacityError):
        place("dc-a", [load(1, 100), load(2, 101)])


def test_a_state_changes_without_a_new_epoch() -> None:
    changed = changed_portal(PORTAL, PAIR, PortalChange(state=PortalState.DRAINING))

    assert changed == {"state": "draining", "home": "dc-a", "epoch": 5}


def test_a_portal_moves_only_with_a_higher_epoch() -> None:
    assert changed_portal(PORTAL, PAIR, PortalChange(home="dc-b", epoch=6))["home"] == "dc-b"
    with pytest.raises(EpochNotRaisedError):
        changed_portal(PORTAL, PAIR, PortalChange(home="dc-b"))
    with pytest.raises(EpochNotRaisedError):
        changed_portal(PORTAL, PAIR, PortalChange(epoch=4))


def test_a_portal_does_not_move_out_of_its_pair() -> None:
    with pytest.raises(PlaceInvalidError):
        changed_portal(PORTAL, PAIR, PortalChange(home="witness", epoch=6))


def test_a_side_is_taken_over_only_with_a_higher_term() -> None:
    taken_over = {"dc-a": "dc-b", "dc-b": "dc-b"}

    changed = changed_pair(PAIR, PairChange(serving=taken_over, term=4))

    assert (changed["serving"], changed["term"]) == (taken_over, 4)
    with pytest.raises(EpochNotRaisedError):
        changed_pair(PAIR, PairChange(serving=taken_over))
    with pytest.raises(EpochNotRaisedError):
        changed_pair(PAIR, PairChange(term=2))


@pytest.mark.parametrize("serving", [{"dc-a": "dc-a"}, {"dc-a": "dc-a", "dc-b": "elsewhere"}, {}])
def test_each_side_is_served_by_a_side_of_the_pair(serving: dict[str, str]) -> None:
    with pytest.raises(PlaceInvalidError):
        changed_pair(PAIR, PairChange(serving=serving, term=4))


def test_a_pair_is_alone_only_at_one_of_its_sides() -> None:
    alone = changed_pair(PAIR, PairChange(mode=PairMode.SOLO, solo="dc-b"))

    assert (alone["mode"], alone["solo"]) == ("SOLO", "dc-b")
    for nobody in (None, "elsewhere"):
        with pytest.raises(PlaceInvalidError):
            changed_pair(PAIR, PairChange(mode=PairMode.SOLO, solo=nobody))


def test_whoever_was_alone_is_forgotten_when_both_are_back() -> None:
    solo = PairRecord(PairId(1), "SOLO", "dc-b", term=3, serving=BOTH, revision=1)

    assert changed_pair(solo, PairChange(mode=PairMode.SYNC))["solo"] is None
