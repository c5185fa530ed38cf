"""Which scenarios there are, and how big each is in each profile."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from laboratory.scenarios import (
    chaos,
    late,
    links,
    many,
    quiet,
    switches,
    takeovers,
    thirds,
    versions,
    zombies,
)
from laboratory.scene import Rates

QUICK, FULL, LONG = "quick", "full", "long"
Sizes = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A test; ``sizes`` names the profiles it belongs to, with its parameters there.

    ``shows`` names by profile the rows of docs/features.csv that no shorter test can show.
    """

    name: str
    test: str
    title: str
    play: Callable[..., Awaitable[None]]
    sizes: Mapping[str, Sizes] = field(default_factory=dict)
    shows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


SCENARIOS = (
    Scenario("quiet", "0", "no harm", quiet.play, {FULL: {"seconds": 30}}),
    Scenario(
        "switch-portal",
        "1",
        "planned switch of one portal under load",
        switches.one_portal,
        {
            QUICK: {"times": 6, "every": 1.5, "rate": 60},
            FULL: {"times": 200, "every": 1.6, "rate": 150},
        },
    ),
    Scenario(
        "switch-datacentre",
        "2",
        "evacuation of a datacentre and return",
        switches.datacentre,
        {FULL: {"times": 10, "portals": 1000}},
    ),
    Scenario(
        "kill-master",
        "3",
        "kill -9 of one mariadbd, not restarted",
        takeovers.master,
        {FULL: {"times": 20}},
    ),
    Scenario(
        "kill-datacentre",
        "4",
        "every process of a datacentre killed at once",
        takeovers.datacentre,
        {FULL: {"times": 6}},
    ),
    Scenario(
        "cut-link",
        "6",
        "link between the datacentres cut, the witness reachable",
        links.cut,
        {QUICK: {"seconds": 10}, FULL: {"seconds": 180}, LONG: {"seconds": 600}},
        {LONG: ("ARCH-38",)},
    ),
    Scenario(
        "zombie-cut-off",
        "7 a",
        "a datacentre cut off from all while its clients keep writing",
        zombies.cut_off,
        {QUICK: {"seconds": 3}, FULL: {"seconds": 15}},
    ),
    Scenario(
        "zombie-restart",
        "7 b",
        "plain restart of the old master",
        zombies.plain_restart,
        {QUICK: {"seconds": 1}, FULL: {"seconds": 3}},
    ),
    Scenario(
        "zombie-cache",
        "7 c",
        "writers with the route of before",
        zombies.stale_cache,
        {FULL: {"attempts": 100_000}},
    ),
    Scenario(
        "zombie-node",
        "7 d",
        "a web node stopped across a switch",
        zombies.sleeping_node,
        {FULL: {"times": 4}},
    ),
    Scenario(
        "zombie-clock",
        "7 e",
        "clocks an hour off",
        zombies.wrong_clocks,
        {FULL: {"programs": ("witness:failover", "dc-a:failover", "dc-b:portal-1")}},
    ),
    Scenario("witness-dead", "8 a", "the witness dead", thirds.witness, {FULL: {"seconds": 20}}),
    Scenario(
        "etcd-dead",
        "8 b",
        "all of etcd dead",
        thirds.all_of_etcd,
        {FULL: {"seconds": 120}, LONG: {"seconds": 600}},
    ),
    Scenario(
        "false-failovers",
        "8 c",
        "blows to those who decide",
        thirds.trials,
        {FULL: {"times": 100}},
    ),
    Scenario(
        "new-version",
        "10",
        "another database version on both sides through switches",
        versions.drill,
        {QUICK: {}, FULL: {}},
    ),
    Scenario(
        "chaos",
        "5",
        "random faults, one after the other",
        chaos.play,
        {
            FULL: {
                "faults": 200,
                "operations": 1_000_000,
                "minutes": 30,
                "rates": Rates(leads=30, bank=130, audits=750),
            }
        },
    ),
    Scenario(
        "many-portals",
        "13",
        "ten thousand portals, three faults",
        many.faults,
        {FULL: {"portals": 10_000, "seconds": 60}},
        {FULL: ("ARCH-49",)},
    ),
    Scenario(
        "late",
        "14",
        "a datacentre given up for lost with writes of its own",
        late.given_up,
        {FULL: {"leads": 20}},
    ),
)


def chosen(profile: str, only: str) -> list[Scenario]:
    """Return the scenarios of a profile; ``only`` names some of them, separated by commas.

    One that the profile does not have is played in its full size. Raises ``KeyError``.
    """
    known = {scenario.name: scenario for scenario in SCENARIOS}
    if only:
        return [known[name.strip()] for name in only.split(",")]
    return [scenario for scenario in SCENARIOS if profile in scenario.sizes]
