"""Each safety step is necessary: without it the simulation breaks a promise. A net without holes catches."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from failover import agreement, durability, follow, rejoin, switching, takeover
from failover.actions import Command, StopReceiver
from failover.record import Join, Pair, Step, Takeover, behind
from failover.simulation import fate
from failover.simulation.checker import PromiseBrokenError
from failover.simulation.servers import FakeDatabase
from failover.simulation.store import FakeStore
from failover.state import Database

MOST_SEEDS = 20_000
Patch = tuple[Any, str, Any]


def always(answer: Any) -> Callable[..., Any]:
    return lambda *_, **__: answer


def peer_is_silent(pair: Pair, site: str, own: Database) -> bool:
    return own.receiver_silent_seconds < 1.0


def whatever_is_received(move: Takeover, own: Database) -> bool:
    return move.step is Step.DRAIN and behind(own.applied, own.received) == 0


def stop_both_threads(self: FakeDatabase, command: Command) -> bool:
    if isinstance(command, StopReceiver) and self.answers and self.accepts(command):
        self.relay.clear()
    return OBEY(self, command)


def overwrite(self: FakeStore, after: Pair, revision: int) -> bool:
    return CHANGE(self, after, self.pair.revision)


def without_comparison(pair: Pair, move: object, own: object) -> Any:
    return rejoin.change(pair, replace(pair, move=Join()), "not compared")


OBEY = FakeDatabase.obey
CHANGE = FakeStore.change

MUTATIONS: dict[str, tuple[Patch, ...]] = {
    "the witness is not asked": ((agreement, "is_missed_by_witness", always(True)),),
    "semi-sync goes off before the record says so": ((follow, "wants_to_wait", peer_is_silent),),
    "the survivor goes alone before the lost master is fenced": (
        (takeover, "is_fenced", always(True)),
    ),
    "the fence opens before the survivor has applied": ((follow, "is_drained", always(True)),),
    "the position to reach is not written down": (
        (follow, "is_drained", whatever_is_received),
        (takeover, "lacks_its_position", always(False)),
    ),
    "a lost relay log is not noticed": ((takeover, "has_kept_its_relay_log", always(True)),),
    "a master that was alone is taken over from": (
        (takeover, "has_acknowledged_alone", always(False)),
    ),
    "both replica threads are restarted": ((FakeDatabase, "obey", stop_both_threads),),
    "databases obey old commands": ((FakeDatabase, "accepts", always(True)),),
    "the record is written without comparing": ((FakeStore, "change", overwrite),),
    "reports of older records count": tuple(
        (module, "obeying", lambda seen, pair, site: agreement.database(seen, site))
        for module in (takeover, switching, rejoin, durability)
    ),
    "the target opens before the source is closed": ((switching, "is_closed", always(True)),),
    "the target opens before it has applied": ((switching, "has_applied", always(True)),),
    "closing does not wait for open transactions": ((FakeDatabase, "is_locked", always(False)),),
    "the sides open before the nodes know": ((follow, "is_routed", always(True)),),
    "a returning master is not restarted": (
        (follow, "must_restart", always(False)),
        (rejoin, "is_started_safely", always(True)),
    ),
    "late transactions are overlooked": (
        (rejoin, "late_transactions", always(0)),
        (rejoin, "is_equal", always(True)),
    ),
    "contents are not compared": ((rejoin, "join", without_comparison),),
    "the survivor replicates before the rejoin": ((follow, "wants_receiver", always(True)),),
    "SYNC is declared before all is received": ((durability, "has_received", always(True)),),
    "SYNC is declared before both wait": ((durability, "is_waiting", always(True)),),
    "who is out opens": ((follow, "is_out", always(False)),),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_the_simulation_fails_when(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for owner, attribute, replacement in MUTATIONS[name]:
        monkeypatch.setattr(owner, attribute, replacement)

    assert broken() is not None


def broken() -> str | None:
    for seed in range(MOST_SEEDS):
        try:
            fate.run(seed)
        except PromiseBrokenError as error:
            print(f"seed {seed}: {error}")
            return str(error)
    return None
