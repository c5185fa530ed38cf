"""Where a fate begins: at peace, or in the middle of a story that would take long to reach by chance."""

from collections.abc import Callable
from dataclasses import replace

from failover.record import Pair
from failover.simulation.network import A, B, SITES
from failover.simulation.world import World
from failover.state import Fence

Scene = Callable[[World], None]


def peace(world: World) -> None:
    """SYNC, everybody at home."""


def split(world: World) -> None:
    """The link is cut, each has acknowledged writes that the other lacks."""
    world.network.cut.update(((A, B), (B, A)))
    _record(world, alone=frozenset(SITES))
    for site in SITES:
        world.databases[site].waits = False
        _written(world, site, site, 1)


def bereaved(world: World) -> None:
    """The first datacentre died with a commit that nobody acknowledged; its peer has taken over."""
    lost, survivor = world.databases[A], world.databases[B]
    _written(world, A, A, 1)
    world.kill(lost)
    _record(world, serving={A: B, B: B}, term=2, alone=frozenset((B,)), away=A)
    survivor.receiver_runs = survivor.waits = False
    survivor.fences = {A: Fence(2, is_open=True), B: Fence(2, is_open=True)}
    checker = world.checker
    checker.opened = {A: (2, B), B: (2, B)}
    checker.dead.update(lost.tail())
    checker.must_compare.add(A)
    _written(world, B, A, 2)


def guests(world: World) -> None:
    """SYNC again after a rejoin, but one datacentre still serves both sides."""
    _record(world, serving={A: B, B: B}, term=2)
    world.databases[A].fences = {A: Fence(2, is_open=False)}
    world.databases[B].fences = {A: Fence(2, is_open=True), B: Fence(2, is_open=True)}
    world.checker.opened = {A: (2, B), B: (2, B)}


SCENES: tuple[Scene, ...] = (peace, split, bereaved, guests)


def _record(world: World, **changes: object) -> None:
    pair: Pair = replace(world.store.pair, **changes)  # type: ignore[arg-type] # checked by Pair's users
    world.store.pair = pair
    for node in world.nodes.values():
        node.pair = pair


def _written(world: World, site: str, side: str, term: int) -> None:
    number = world.attempt(world.databases[site], side, term)
    if number is not None:
        world.databases[site].commit(number)
