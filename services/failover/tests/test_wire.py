"""The record survives its JSON, and the routing service's form of it is read."""

import json
from dataclasses import replace

import pytest

from failover.record import Join, Mode, Pair, Rejoin, Step, Switch, Takeover
from failover.wire import pair_from_json, pair_to_json

from .observations import PEACE, A, B

RECORDS = {
    "peace": PEACE,
    "takeover": replace(
        PEACE,
        alone=frozenset((B,)),
        displaced=frozenset((A,)),
        switched_at=12.5,
        move=Takeover(A, B, (A,), Step.DRAIN, {A: 7, B: 3}),
    ),
    "switch": replace(PEACE, move=Switch((A, B), A, B, Step.FENCE, 99.0)),
    "rejoin": replace(PEACE, away=A, alone=frozenset((B,)), move=Rejoin(A, Step.CATCH_UP)),
    "join": replace(PEACE, alone=frozenset((A, B)), sworn={A: None, B: "2"}, move=Join()),
    "suspended": replace(PEACE, away=B, parked=True, alone=frozenset((A,))),
}


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_comes_back_as_it_was_written(name: str) -> None:
    pair: Pair = RECORDS[name]
    text = json.dumps(pair_to_json(pair, {"id": 1, "note": "kept"}))

    assert pair_from_json(json.loads(text), pair.revision) == pair
    assert json.loads(text)["note"] == "kept"


def test_the_record_of_a_first_start_is_at_peace_and_unsworn() -> None:
    first = {"id": 1, "mode": "SYNC", "solo": None, "term": 1, "serving": {A: A, B: B}}

    pair = pair_from_json(first, 4)

    assert (pair.mode, pair.move, pair.sworn, pair.revision) == (Mode.SYNC, None, None, 4)


def test_solo_without_a_name_is_no_record() -> None:
    with pytest.raises(ValueError, match="not which"):
        pair_from_json({"mode": "SOLO", "solo": None, "term": 1, "serving": {A: A, B: B}}, 4)
