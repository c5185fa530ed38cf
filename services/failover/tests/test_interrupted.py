"""Every sequence of actions is also interrupted at each of them, and a successor ends it the same way.

Twice each: the process dies just before it acts, and just after. A dead controller stays dead, a dead agent
is started again; neither remembers anything.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random

import pytest

from failover.actions import ChangeRecord, Command
from failover.decide import answer
from failover.demands import SwitchSides
from failover.record import Mode, Pair
from failover.simulation import faults, peace, scenes
from failover.simulation.cast import Cast
from failover.simulation.network import A, B
from failover.simulation.processes import Agent, Controller

Story = Callable[[Cast], None]
MOST_ACTIONS = 60


@dataclass
class Script:
    """Counts the actions; the process that is about to do number ``interrupt`` dies."""

    interrupt: int | None
    survives_it: bool
    done: list[str] = field(default_factory=list)

    def dies_before(self) -> bool:
        return len(self.done) == self.interrupt and not self.survives_it

    def note(self, action: Command | ChangeRecord) -> bool:
        """Count it, and tell whether the one who does it dies of it."""
        self.done.append(type(action).__name__)
        return len(self.done) - 1 == self.interrupt


def lose_a_datacentre(cast: Cast) -> None:
    write_everywhere(cast)
    cast.agents[A].is_running = cast.controllers[A].is_running = False
    cast.world.nodes[A].is_running = False
    cast.world.network.members.discard(A)
    cast.world.kill(cast.world.databases[A])


def switch_a_side(cast: Cast) -> None:
    write_everywhere(cast)
    for _ in range(2):
        peace.take_turns(cast)
    controller = cast.controllers[cast.world.store.leader or B]
    decision = answer(controller.look(leads_seconds=1.0), SwitchSides((A,), B, term=1))
    assert isinstance(decision.action, ChangeRecord)
    cast.world.store.change(decision.action.after, decision.action.revision)


def return_after_a_takeover(cast: Cast) -> None:
    scenes.bereaved(cast)


def heal_a_cut(cast: Cast) -> None:
    scenes.split(cast)
    faults.heal(cast)


def write_everywhere(cast: Cast) -> None:
    for site, database in cast.world.databases.items():
        number = cast.world.attempt(database, site, 1)
        assert number is not None
        database.commit(number)


STORIES: dict[str, tuple[Story, Mode, dict[str, str]]] = {
    "takeover": (lose_a_datacentre, Mode.SOLO, {A: B, B: B}),
    "switch": (switch_a_side, Mode.SYNC, {A: B, B: B}),
    "rejoin": (return_after_a_takeover, Mode.SYNC, {A: A, B: B}),
    "join": (heal_a_cut, Mode.SYNC, {A: A, B: B}),
}


def play(story: Story, script: Script, monkeypatch: pytest.MonkeyPatch) -> Cast:
    cast = Cast(Random(1), sleepiness=0.0)  # noqa: S311 - not a secret
    act, change = Agent.act, Controller.change

    def acting(agent: Agent, command: Command) -> None:
        if script.dies_before():
            script.note(command)
            agent.forget()
            return
        act(agent, command)
        if script.note(command):
            agent.forget()

    def changing(controller: Controller, action: ChangeRecord) -> None:
        if script.dies_before():
            script.note(action)
            controller.is_running = False
            return
        change(controller, action)
        if script.note(action):
            controller.is_running = False

    with monkeypatch.context() as patched:
        story(cast)
        patched.setattr(Agent, "act", acting)
        patched.setattr(Controller, "change", changing)
        for _ in range(peace.ROUNDS):
            peace.take_turns(cast)
    return cast


def outcome(cast: Cast) -> tuple[Pair, list[object]]:
    """Return what is left at the end, without what counts the way to it."""
    pair = replace(cast.world.store.pair, revision=0, switched_at=None, sworn=None)
    servers = [
        (d.is_up, d.rows, d.fences, d.waits, d.receiver_runs, d.is_read_only)
        for d in cast.world.databases.values()
    ]
    return pair, [*servers]


@pytest.mark.parametrize("name", STORIES)
def test_an_interrupted_sequence_is_finished_by_a_successor(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    story, mode, serving = STORIES[name]
    whole = Script(interrupt=None, survives_it=False)
    expected = outcome(play(story, whole, monkeypatch))
    assert (expected[0].mode, expected[0].serving, expected[0].move) == (mode, serving, None)
    assert 5 <= len(whole.done) <= MOST_ACTIONS

    for number in range(len(whole.done)):
        for survives_it in (False, True):
            script = Script(number, survives_it)
            assert outcome(play(story, script, monkeypatch)) == expected, (
                number,
                survives_it,
                script.done,
            )
