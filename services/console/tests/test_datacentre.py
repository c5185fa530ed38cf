"""``portico dc``: out of service, back, and given up, each with its refusals."""

import json

import pytest

from console.errors import Ending
from failover.admission import stated_loss
from failover.record import Mode, Rejoin
from failover.simulation.network import WITNESS, A, B
from failover.simulation.scenes import split

from .running import LOOK_SECONDS, begin, portico, wait_until
from .simulated import World


def test_suspending_hands_over_first_then_takes_it_out(world: World) -> None:
    ended = portico("dc", "suspend", "dc-a")

    assert ended.returncode == Ending.DONE, ended.stdout
    assert "dc-a is suspended and replication has stopped" in ended.stdout
    assert (world.pair.serving, world.pair.away, world.pair.parked) == ({A: B, B: B}, A, True)


def test_without_the_switch_a_datacentre_that_serves_is_not_suspended(world: World) -> None:
    before = world.pair

    ended = portico("dc", "suspend", "dc-a", "--no-switch")

    assert ended.returncode == Ending.REFUSED
    assert "still-serves" in ended.stdout
    assert (world.pair.serving, world.pair.away) == (before.serving, None)


def test_a_suspended_datacentre_stays_so_when_it_is_suspended_again(world: World) -> None:
    portico("dc", "suspend", "dc-a")
    revision = world.pair.revision

    ended = portico("dc", "suspend", "dc-a")

    assert ended.returncode == Ending.DONE
    assert "dc-a is suspended already" in ended.stdout
    assert world.pair.revision == revision


def test_nothing_is_switched_to_a_suspended_datacentre(world: World) -> None:
    portico("dc", "suspend", "dc-a")

    ended = portico("switch", "pair", "1", "--side", "dc-a", "--to", "dc-a")

    assert ended.returncode == Ending.REFUSED
    assert "dc-a is out of service: resume it first (suspended)" in ended.stdout
    assert world.pair.serving == {A: B, B: B}


def test_resuming_catches_up_joins_and_goes_home(world: World) -> None:
    portico("dc", "suspend", "dc-a")

    ended = portico("dc", "resume", "dc-a")

    assert ended.returncode == Ending.DONE, ended.stdout
    assert "dc-a serves dc-a" in ended.stdout
    assert (world.pair.mode, world.pair.away) == (Mode.SYNC, None)
    assert world.pair.serving == {A: A, B: B}
    for sentence in (
        "dc-a may come back",
        "it starts as a replica",
        "equals its peer: they join",
        ": SYNC",
    ):
        assert sentence in ended.stderr


def test_resuming_may_leave_the_sides_where_they_are(world: World) -> None:
    portico("dc", "suspend", "dc-a")

    ended = portico("dc", "resume", "dc-a", "--no-home")

    assert ended.returncode == Ending.DONE
    assert world.pair.serving == {A: B, B: B}
    assert world.pair.mode is Mode.SYNC


def test_resuming_one_that_is_in_service_changes_nothing(world: World) -> None:
    ended = portico("dc", "resume", "dc-a")

    assert ended.returncode == Ending.DONE
    assert "dc-a is in service" in ended.stdout
    assert world.asked == []


def test_the_way_back_stops_at_what_only_the_returning_one_has(world: World) -> None:
    _split_and_lose_a(world)
    portico("dc", "force", "dc-a", "--loss", stated_loss(world.pair, A))
    wait_until(lambda: isinstance(world.pair.move, Rejoin))

    ended = portico("dc", "resume", "dc-a")

    assert ended.returncode == Ending.STOPPED
    assert "rejoin stopped: dc-a has 1 transactions that its peer never received" in ended.stdout
    assert "`portico late list 1` shows" in ended.stdout
    assert world.pair.away == A


def test_force_says_which_loss_to_repeat_and_changes_nothing(world: World) -> None:
    _split_and_lose_a(world)

    ended = portico("dc", "force", "dc-a")

    assert ended.returncode == Ending.REFUSED
    assert f"state the loss with --loss, repeat: {stated_loss(world.pair, A)!r}" in ended.stdout
    assert world.pair.serving == {A: A, B: B}


def test_force_takes_over_when_the_loss_is_repeated(world: World) -> None:
    _split_and_lose_a(world)

    ended = portico("dc", "force", "dc-a", "--loss", stated_loss(world.pair, A), "--json")

    assert ended.returncode == Ending.DONE, ended.stdout
    assert json.loads(ended.stdout)["outcomes"][0]["outcome"] == "done"
    assert world.pair.serving == {A: B, B: B}


def test_force_of_one_that_lives_is_refused(world: World) -> None:
    ended = portico("dc", "force", "dc-a", "--loss", stated_loss(world.pair, A))

    assert ended.returncode == Ending.REFUSED
    assert "not-lost" in ended.stdout


@pytest.mark.parametrize("verb", ["suspend", "resume", "force"])
def test_an_unknown_datacentre_is_refused(world: World, verb: str) -> None:
    ended = portico("dc", verb, "dc-x")

    assert ended.returncode == Ending.REFUSED
    assert "there is no datacentre 'dc-x'; known: dc-a, dc-b" in ended.stdout
    assert world.asked == []


def test_a_verb_during_a_takeover_is_refused(world: World) -> None:
    world.do(lambda cast: cast.world.kill(cast.world.databases[A]))
    command = begin("dc", "suspend", "dc-b", "--no-switch")

    assert command.wait(LOOK_SECONDS) == Ending.REFUSED


def _split_and_lose_a(world: World) -> None:
    world.do(split)
    world.do(lambda cast: cast.world.network.cut.clear())
    world.do(lambda cast: cast.world.kill(cast.world.databases[A]))
    # witness and peer need a second to agree that it is dead
    wait_until(lambda: "takeover-refused" in _problems(world))


def _problems(world: World) -> set[str]:
    (pair,) = world.status(WITNESS)["pairs"]
    return {problem["code"] for problem in pair["problems"]}
