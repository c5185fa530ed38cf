"""One interleaving: a seed chooses which faults exist and who moves next."""

from dataclasses import dataclass
from random import Random

from failover.simulation import clients
from failover.simulation.cast import Cast
from failover.simulation.faults import TROUBLES, Event, Trouble
from failover.simulation.network import WITNESS, A, B
from failover.simulation.scenes import SCENES, Scene
from failover.simulation.servers import FakeDatabase

EVENTS = 80
STEP_SECONDS = 0.25
MANY = 1000
KINDS_OF_TROUBLE = 3
SLEEPINESS = (0.0, 0.1, 0.3)
"""How likely a process falls asleep between deciding and acting."""


def agent_a(cast: Cast) -> None:
    """The agent of the first datacentre moves."""
    cast.agents[A].step()


def agent_b(cast: Cast) -> None:
    """The agent of the second datacentre moves."""
    cast.agents[B].step()


def witness(cast: Cast) -> None:
    """The agent of the witness moves."""
    cast.agents[WITNESS].step()


def controller(cast: Cast) -> None:
    """A candidate for controller moves, mostly the one who leads."""
    cast.leader().step()


def refresh(cast: Cast) -> None:
    """The web nodes of a datacentre hear news of routes."""
    clients.refresh(cast.world, cast.node())


def write(cast: Cast) -> None:
    """A client writes."""
    clients.write(cast.world, cast.node())


def commit(cast: Cast) -> None:
    """An open transaction goes on."""
    clients.commit(cast.world, cast.node())


def ship(cast: Cast) -> None:
    """Transactions travel, and the acknowledgement travels back, or not yet."""
    source, target = _ends(cast)
    if not cast.world.network.replicates(source, target):
        return
    target.receive(source, 1 if cast.chance(0.5) else 100)
    if cast.chance(0.6) and source.is_replied_to:
        source.acknowledge(target.received(source.site))


def apply(cast: Cast) -> None:
    """The applier moves; while its server waits for the peer, only with the peer's help."""
    target = cast.world.databases[cast.site()]
    if not target.answers or not target.relay:
        return
    if target.waits and not target.is_replied_to:
        return
    target.apply(1 if cast.chance(0.3) else 100)


def _ends(cast: Cast) -> tuple[FakeDatabase, FakeDatabase]:
    databases = cast.world.databases
    return (databases[A], databases[B]) if cast.chance(0.5) else (databases[B], databases[A])


USUAL: tuple[tuple[Event, int], ...] = (
    (agent_a, 11),
    (agent_b, 11),
    (witness, 7),
    (controller, 16),
    (refresh, 8),
    (write, 14),
    (commit, 3),
    (ship, 12),
    (apply, 10),
)


@dataclass(frozen=True, slots=True)
class Plot:
    """Where it begins, and what may happen, each event as often as it is likely."""

    scene: Scene
    events: tuple[Event, ...]


def plot(scene: Scene, *troubles: Trouble) -> Plot:
    """Mix kinds of trouble into ordinary life. Few at a time: they meet more often than if all did."""
    usual = [event for event, weight in USUAL for _ in range(weight)]
    return Plot(scene, (*usual, *(event for trouble in troubles for event in trouble)))


def plots() -> tuple[Plot, ...]:
    """Return the same many plots each time."""
    rng = Random(0)  # noqa: S311 - not a secret
    return tuple(
        plot(SCENES[number % len(SCENES)], *rng.sample(TROUBLES, KINDS_OF_TROUBLE))
        for number in range(MANY)
    )


PLOTS = plots()


def run(
    seed: int, told: Plot | None = None, *, length: int = EVENTS, trace: list[str] | None = None
) -> Cast:
    """Live through one interleaving; raises ``PromiseBrokenError``."""
    rng = Random(seed)  # noqa: S311 - not a secret
    cast = Cast(rng, SLEEPINESS[seed % len(SLEEPINESS)])
    world, random = cast.world, rng.random
    world.trace = trace
    story = told or PLOTS[seed % MANY]
    story.scene(cast)
    world.changed()
    events, size = story.events, len(story.events)
    for _ in range(length):
        world.now += random() * STEP_SECONDS
        event = events[int(random() * size)]
        if trace is not None and event not in dict(USUAL):
            trace.append(f"{world.now:7.2f} {event.__name__}")
        event(cast)
    return cast
