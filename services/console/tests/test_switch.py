"""``portico switch``: done, so already, refused, taken back, and what happens without the command."""

import json
import signal
import time

import pytest

from console.errors import Ending
from failover.simulation.network import A, B

from .running import LOOK_SECONDS, begin, portico, wait_until
from .simulated import World

pytestmark = pytest.mark.usefixtures("world")


def test_a_pair_changes_hands_and_the_last_line_says_so_with_the_pause(world: World) -> None:
    ended = portico("switch", "pair", "1", "--to", "dc-b")

    assert ended.returncode == Ending.DONE
    assert world.pair.serving == {A: B, B: B}
    assert ended.stdout.startswith("pair 1: done, pause ")
    assert "dc-b serves dc-a" in ended.stdout
    assert "dc-a goes to dc-b" in ended.stderr
    assert " ms  " in ended.stderr


def test_the_second_identical_switch_finds_it_done(world: World) -> None:
    first = portico("switch", "pair", "1", "--side", "dc-a", "--to", "dc-b", "--json")
    term = world.pair.term

    second = portico("switch", "pair", "1", "--side", "dc-a", "--to", "dc-b")

    assert json.loads(first.stdout)["outcomes"][0]["outcome"] == "done"
    assert second.returncode == Ending.DONE
    assert "dc-b serves dc-a already" in second.stdout
    assert world.pair.term == term


def test_a_dry_run_asks_and_changes_nothing(world: World) -> None:
    before = world.pair

    ended = portico("switch", "dc", "dc-a", "--dry-run")

    assert ended.returncode == Ending.DONE
    assert "would be admitted: dc-a goes to dc-b" in ended.stdout
    assert world.pair.serving == before.serving
    assert [asked["dry_run"] for asked in world.asked] == [True]


def test_a_datacentre_hands_over_all_that_it_serves(world: World) -> None:
    assert portico("switch", "dc", "dc-a").returncode == Ending.DONE
    assert world.pair.sides_of(A) == ()

    again = portico("switch", "dc", "dc-a")

    assert again.returncode == Ending.DONE
    assert "it serves nothing already" in again.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("dc", "dc-x"), "there is no datacentre 'dc-x'; known: dc-a, dc-b"),
        (("pair", "9", "--to", "dc-b"), "there is no pair 9; known: 1"),
        (("pair", "1", "--to", "dc-x"), "the sides and sites of this pair are"),
        (("pair", "1", "--side", "dc-x", "--to", "dc-b"), "the sides and sites of this pair are"),
    ],
)
def test_what_is_not_known_is_refused(world: World, words: tuple[str, ...], sentence: str) -> None:
    before = world.pair

    ended = portico("switch", *words)

    assert ended.returncode == Ending.REFUSED
    assert "refused, nothing was changed" in ended.stdout
    assert sentence in ended.stdout
    assert world.pair.serving == before.serving


def test_a_second_switch_is_refused_while_the_first_runs(world: World) -> None:
    world.is_held = True
    first = begin("switch", "pair", "1", "--side", "dc-a", "--to", "dc-b")
    wait_until(lambda: world.pair.move is not None)

    second = portico("switch", "pair", "1", "--side", "dc-b", "--to", "dc-a")
    world.is_held = False

    assert second.returncode == Ending.REFUSED
    assert "another change is under way (move-runs)" in second.stdout
    assert first.wait(LOOK_SECONDS) == Ending.DONE
    assert world.pair.serving == {A: B, B: B}


def test_a_switch_over_its_budget_is_taken_back(world: World) -> None:
    world.do(lambda cast: cast.world.attempt(cast.world.databases[A], A, 1))
    world.do(lambda cast: setattr(cast.world.databases[A], "is_locked", lambda side: True))

    ended = portico("switch", "pair", "1", "--side", "dc-a", "--to", "dc-b", "--budget", "3s")

    assert ended.returncode == Ending.TAKEN_BACK
    assert ended.stdout == "pair 1: taken back: the switch is over its budget: taken back\n"
    assert world.pair.serving == {A: A, B: B}


def test_the_switch_goes_on_after_the_command_is_interrupted(world: World) -> None:
    world.is_held = True
    command = begin("switch", "pair", "1", "--to", "dc-b")
    wait_until(lambda: world.pair.move is not None)
    assert command.stderr is not None
    assert " ms  " in command.stderr.readline()  # it says what it waits for

    command.send_signal(signal.SIGINT)
    said, _ = command.communicate(timeout=LOOK_SECONDS)
    world.is_held = False

    assert command.returncode == Ending.GOES_ON
    assert "the switch goes on: 10 s after its beginning it is done or taken back" in said
    wait_until(lambda: world.pair.serving == {A: B, B: B})


def test_the_leader_is_found_when_its_predecessor_and_a_datacentre_are_dead(world: World) -> None:
    world.dead = {"witness"}
    world.leader = "dc-b"

    assert portico("switch", "pair", "1", "--to", "dc-b").returncode == Ending.DONE


def test_a_switch_waits_for_the_election_of_a_leader(world: World) -> None:
    world.leader = None
    command = begin("switch", "pair", "1", "--to", "dc-b")
    time.sleep(1.0)  # it has asked by now, and found nobody
    assert command.poll() is None

    world.leader = "dc-a"

    assert command.wait(LOOK_SECONDS) == Ending.DONE


def test_nobody_at_home_is_one_sentence(world: World) -> None:
    world.dead = {"dc-a", "dc-b", "witness"}

    ended = portico("switch", "pair", "1", "--to", "dc-b")

    assert ended.returncode == Ending.FAILED
    assert "no failover service answers at http://" in ended.stdout


@pytest.mark.parametrize("budget", ["soon", "-1s", "0", "1h", "61s"])
def test_a_budget_is_a_short_time(world: World, budget: str) -> None:
    ended = portico("switch", "dc", "dc-a", "--budget", budget)

    assert ended.returncode == 2
    assert "say 10s or 500ms" in ended.stderr
    assert world.asked == []
