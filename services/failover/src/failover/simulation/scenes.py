"""Where a fate begins: at peace, or in the middle of a story that would take long to reach by chance."""

from collections.abc import Callable
from dataclasses import replace

from failover import durability
from failover.actions import AcknowledgeAlone
from failover.record import Pair, Step, Takeover
from failover.simulation.cast import Cast
from failover.simulation.network import SITES, A, B
from failover.simulation.world import World
from failover.state import Fence

Scene = Callable[[Cast], None]


def peace(cast: Cast) -> None:
    """SYNC, everybody at home."""


def split(cast: Cast) -> None:
    """The link is cut, each has acknowledged writes that the other lacks."""
    world = cast.world
    world.network.cut.update(((A, B), (B, A)))
    _record(world, alone=frozenset(SITES))
    for site in SITES:
        world.databases[site].waits = False
        _written(world, site, site, 1)


def bereaved(cast: Cast) -> None:
    """The first datacentre died with a commit that nobody acknowledged; its peer has taken over."""
    world = cast.world
    lost, survivor = world.databases[A], world.databases[B]
    _written(world, A, A, 1)
    world.kill(lost)
    _record(
        world,
        serving={A: B, B: B},
        term=2,
        alone=frozenset((B,)),
        away=A,
        displaced=frozenset((A,)),
    )
    survivor.receiver_runs = survivor.waits = False
    survivor.fences = {A: Fence(2, is_open=True), B: Fence(2, is_open=True)}
    checker = world.checker
    checker.opened = {A: (2, B), B: (2, B)}
    checker.dead.update(lost.tail())
    checker.must_compare.add(A)
    _written(world, B, A, 2)


def guests(cast: Cast) -> None:
    """SYNC again after a rejoin, but one datacentre still serves both sides."""
    world = cast.world
    _record(world, serving={A: B, B: B}, term=2, displaced=frozenset((A,)))
    world.databases[A].fences = {A: Fence(2, is_open=False)}
    world.databases[B].fences = {A: Fence(2, is_open=True), B: Fence(2, is_open=True)}
    world.checker.opened = {A: (2, B), B: (2, B)}


def joining(cast: Cast) -> None:
    """The link is healed; both have been told to wait for each other again."""
    split(cast)
    cast.world.network.cut.clear()
    after = durability.joining(cast.world.store.pair)
    _record(cast.world, move=after.move, sworn=after.sworn)


def bereaving(cast: Cast) -> None:
    """A takeover has begun; what the dead master acknowledged is only in the survivor's relay log."""
    world = cast.world
    lost, survivor = world.databases[A], world.databases[B]
    _written(world, A, A, 1)
    survivor.receive(lost, 1)
    lost.acknowledge(1)
    world.kill(lost)
    move = Takeover(A, B, (A,), Step.FENCE)
    _record(world, serving={A: B, B: B}, term=2, move=move, displaced=frozenset((A,)))


def haunted(cast: Cast) -> None:
    """SYNC after a cut link, but a command of that time is still on its way to each database."""
    world = cast.world
    old = world.store.pair.revision
    world.store.change(world.store.pair, old)
    for site in SITES:
        world.databases[site].obeyed = world.store.pair.revision
        cast.ghosts.append((cast.agents[site], AcknowledgeAlone(old)))
    for node in world.nodes.values():
        node.pair = world.store.pair


SCENES: tuple[Scene, ...] = (peace, split, bereaved, guests, joining, bereaving, haunted)


def _record(world: World, **changes: object) -> None:
    pair: Pair = replace(world.store.pair, **changes)  # type: ignore[arg-type] # checked by Pair's users
    world.store.pair = pair
    for node in world.nodes.values():
        node.pair = pair


def _written(world: World, site: str, side: str, term: int) -> None:
    number = world.attempt(world.databases[site], side, term)
    if number is not None:
        world.databases[site].commit(number)
