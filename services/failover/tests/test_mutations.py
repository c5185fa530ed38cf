"""Each safety step is necessary: without it the simulation breaks a promise. A net without holes catches."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from failover import agreement, durability, follow, rejoin, switching, takeover
from failover.actions import Command, StopReceiver
from failover.decision import change
from failover.record import Pair, Step, Takeover, behind
from failover.simulation import fate, faults, scenes
from failover.simulation.checker import PromiseBrokenError
from failover.simulation.servers import FakeDatabase
from failover.simulation.store import FakeStore
from failover.state import Comparison, Database, Snapshot

MOST_SEEDS = 12_000
LENGTH = 200
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
    return change(pair, durability.joining(pair), "not compared")


def believed_equal(pair: Pair, own: Database) -> Comparison | None:
    found = COMPARED(pair, own)
    return None if found is None else replace(found, is_equal=True)


def without_obeying(seen: Snapshot, pair: Pair, site: str) -> Database | None:
    return agreement.database(seen, site)


OBEY = FakeDatabase.obey
CHANGE = FakeStore.change
COMPARED = rejoin.compared


@dataclass(frozen=True)
class Mutation:
    """What is broken, and the plot in which it shows soonest."""

    patches: tuple[Patch, ...]
    scene: scenes.Scene
    troubles: tuple[faults.Trouble, ...]


DIE = (faults.kill_database, faults.start_database)
CRASH = (faults.kill_database, faults.start_database, faults.start_database, faults.kill_database)
FREEZE = (faults.pause_database, faults.wake_database)
CUT = (faults.cut_link, faults.heal)
ISOLATE = (faults.isolate, faults.heal)
SLEEP = (faults.pause_process, faults.wake_processes)
SWITCH = (faults.switch_sides, faults.pass_time)
ONE_WAY = (faults.cut_direction, faults.heal)
THREADS = (faults.restart_threads,)
USURP = (faults.usurp,)
GHOST = (*(faults.leave_ghost,) * 3, faults.let_ghost_act)
STALE = (faults.pause_node, faults.wake_processes)


def breaking(
    owner: Any,
    attribute: str,
    replacement: Any,
    scene: scenes.Scene,
    *troubles: faults.Trouble,
) -> Mutation:
    return Mutation(((owner, attribute, replacement),), scene, troubles)


MUTATIONS: dict[str, Mutation] = {
    "the witness is not asked": breaking(
        agreement, "is_missed_by_witness", always(True), scenes.peace, CUT, SLEEP
    ),
    "semi-sync goes off before the record says so": breaking(
        follow, "wants_to_wait", peer_is_silent, scenes.peace, CUT, ISOLATE
    ),
    "the lost master is not fenced": Mutation(
        ((takeover, "is_fenced", always(True)), (follow, "wants_receiver", always(True))),
        scenes.peace,
        (FREEZE, SLEEP),
    ),
    "the fence opens before the survivor has applied": breaking(
        follow, "is_drained", always(True), scenes.peace, DIE
    ),
    "the position to reach is not written down": Mutation(
        (
            (follow, "is_drained", whatever_is_received),
            (takeover, "lacks_its_position", always(False)),
        ),
        scenes.peace,
        (CRASH, THREADS),
    ),
    "a lost relay log is not noticed": breaking(
        takeover, "has_kept_its_relay_log", always(True), scenes.peace, CRASH, THREADS
    ),
    "a master that was alone is taken over from": breaking(
        takeover, "has_acknowledged_alone", always(False), scenes.split, DIE
    ),
    "both replica threads are restarted": breaking(
        FakeDatabase, "obey", stop_both_threads, scenes.peace, DIE
    ),
    "databases obey old commands": breaking(
        FakeDatabase, "accepts", always(True), scenes.haunted, GHOST, DIE
    ),
    "the record is written without comparing": breaking(
        FakeStore, "change", overwrite, scenes.guests, DIE, USURP, SLEEP
    ),
    "reports of older records count": Mutation(
        tuple(
            (module, "obeying", without_obeying)
            for module in (takeover, switching, rejoin, durability)
        ),
        scenes.guests,
        (GHOST, GHOST, SWITCH, STALE),
    ),
    "the target opens before the source is closed": Mutation(
        (
            (switching, "is_closed", always(True)),
            (switching, "obeying", without_obeying),
        ),
        scenes.guests,
        (SWITCH, SLEEP),
    ),
    "the target opens before it has applied": breaking(
        switching, "has_applied", always(True), scenes.guests, SWITCH
    ),
    "closing does not wait for open transactions": breaking(
        FakeDatabase, "is_locked", always(False), scenes.guests, SWITCH
    ),
    "the sides open before the nodes know": breaking(
        follow, "is_routed", always(True), scenes.guests, SWITCH, STALE
    ),
    "late transactions are overlooked": Mutation(
        ((rejoin, "late_transactions", always(0)), (rejoin, "compared", believed_equal)),
        scenes.bereaved,
        (DIE,),
    ),
    "contents are not compared": breaking(
        rejoin, "join", without_comparison, scenes.bereaved, DIE, SWITCH
    ),
    "the survivor replicates before the rejoin": breaking(
        follow, "wants_receiver", always(True), scenes.bereaved, DIE
    ),
    "SYNC is declared before all is received": breaking(
        durability, "has_received", always(True), scenes.split, CUT, DIE
    ),
    "SYNC is declared before both wait": Mutation(
        ((durability, "is_waiting", always(True)), (durability, "obeying", without_obeying)),
        scenes.bereaved,
        (DIE, SLEEP),
    ),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_the_simulation_fails_when(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutation = MUTATIONS[name]
    plot = fate.plot(mutation.scene, *mutation.troubles)
    for owner, attribute, replacement in mutation.patches:
        monkeypatch.setattr(owner, attribute, replacement)

    with pytest.raises(PromiseBrokenError):
        live_on(plot)


def live_on(plot: fate.Plot) -> None:
    for seed in range(MOST_SEEDS):
        fate.run(seed, plot, length=LENGTH)
