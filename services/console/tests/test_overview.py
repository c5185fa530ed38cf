"""The status of the failover fits on one screen, whatever is wrong."""

from typing import Any

from rich.console import Console

from console import overview
from failover.simulation.network import A, B

from .running import wait_until
from .simulated import World

LINES_OF_A_SCREEN = 40


def test_at_peace_it_says_who_serves_and_that_nothing_is_wrong(world: World) -> None:
    shown = screen(world.status("dc-b"))

    assert "witness (leads)" in shown
    assert "dc-a by dc-a, dc-b by dc-b" in shown
    assert "in service" in shown
    assert "problems  none" in shown


def test_after_a_death_it_says_which_decisions_were_made_and_why(world: World) -> None:
    world.do(lambda cast: cast.world.kill(cast.world.databases[A]))
    wait_until(lambda: world.pair.serving[A] == B and world.pair.away == A)

    shown = screen(world.status("dc-b"))

    assert "1:dc-a, 1:dc-b" in shown
    assert "SOLO" in shown
    assert "dc-a is dead, witness and dc-b agree: dc-b takes over" in shown


def test_a_thousand_pairs_fit_too_and_the_sick_one_is_on_top(world: World) -> None:
    status = world.status("dc-b")
    calm = status["pairs"][0]
    sick = {**calm, "id": 777, "mode": "SPLIT"}
    many = [{**calm, "id": number} for number in range(1, 1000) if number != 777]

    shown = screen({**status, "pairs": [*many, sick]})

    lines = shown.splitlines()
    assert len(lines) <= LINES_OF_A_SCREEN
    first = next(number for number, line in enumerate(lines) if "mode" in line)
    assert "777" in lines[first + 1]
    assert "991 more" in shown
    assert "999 sides" in shown


def test_what_is_unknown_is_a_dash_and_no_crash(world: World) -> None:
    status = world.status("dc-b")
    (pair,) = status["pairs"]
    silent = {"age_seconds": None, "portals": None, "database": None}
    dark = {**pair, "sites": dict.fromkeys((A, B), silent), "decisions": [], "duty": ""}

    shown = screen(
        {
            **status,
            "leader": None,
            "pairs": [dark],
            "witness": {"age_seconds": None},
            "etcd": {"has_majority": False},
        }
    )

    assert "silent" in shown
    assert "etcd has no majority" in shown
    assert "no decision yet" in shown


def screen(status: dict[str, Any]) -> str:
    console = Console(width=160, color_system=None)
    with console.capture() as capture:
        console.print(overview.render(status))
    return capture.get()
