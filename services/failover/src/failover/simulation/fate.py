"""One interleaving: a seed chooses which faults exist and who moves next."""

from random import Random

from failover.simulation import clients, faults
from failover.simulation.cast import Cast
from failover.simulation.faults import Event
from failover.simulation.network import A, B, WITNESS
from failover.simulation.servers import FakeDatabase

EVENTS = 120
STEP_SECONDS = 0.25
PROFILES = 64
FAULTS_PER_PROFILE = 6
SLEEPINESS = (0.0, 0.1, 0.3)


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
    if cast.chance(0.6) and source.waits:
        source.acknowledge(target.received(source.site))


def apply(cast: Cast) -> None:
    """The applier moves; while its server waits for the peer, only with the peer's help."""
    source, target = _ends(cast)
    if not target.answers or not target.relay:
        return
    if target.waits and not cast.world.network.replicates(target, source):
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


def profiles() -> tuple[tuple[Event, ...], ...]:
    """Return tables of events. Few kinds of faults in each: they meet more often than if all did."""
    rng = Random(0)  # noqa: S311 - not a secret
    usual = [event for event, weight in USUAL for _ in range(weight)]
    return tuple(
        (*usual, *(rng.choice(faults.FAULTS) for _ in range(FAULTS_PER_PROFILE)))
        for _ in range(PROFILES)
    )


TABLES = profiles()


def run(seed: int, events: int = EVENTS, *, trace: list[str] | None = None) -> Cast:
    """Live through one interleaving; raises ``PromiseBrokenError``."""
    rng = Random(seed)  # noqa: S311 - not a secret
    cast = Cast(rng, SLEEPINESS[seed % len(SLEEPINESS)])
    world, random = cast.world, rng.random
    world.trace = trace
    table = TABLES[seed % PROFILES]
    size = len(table)
    for _ in range(events):
        world.now += random() * STEP_SECONDS
        event = table[int(random() * size)]
        if trace is not None and event in faults.FAULTS:
            trace.append(f"{world.now:7.2f} {event.__name__}")
        event(cast)
    return cast
