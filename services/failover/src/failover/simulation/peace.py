"""After the storm: everything works again, everybody has a turn, and the pair must mend itself."""

from failover.simulation import clients, faults
from failover.simulation.cast import Cast
from failover.simulation.fate import agent_a, agent_b, apply, ship, witness

ROUNDS = 60
ROUND_SECONDS = 0.3
BEFORE_QUIET = 40
"""Rounds until ten minutes are let pass, which ends what anti-flap holds back."""


def settle(cast: Cast) -> None:
    """Mend all faults, then let everybody act in turn."""
    mend(cast)
    for number in range(ROUNDS):
        if number == BEFORE_QUIET:
            faults.pass_time(cast)
        take_turns(cast)


def take_turns(cast: Cast) -> None:
    """Everybody moves once."""
    for event in (agent_a, agent_b, witness, ship, ship, apply, apply, ship, apply):
        event(cast)
    for controller in cast.controllers.values():
        controller.step()
    for node in cast.world.nodes.values():
        clients.refresh(cast.world, node)
    for database in cast.world.databases.values():
        while database.answers and database.open:
            database.commit(database.open[0])
    cast.world.now += ROUND_SECONDS


def mend(cast: Cast) -> None:
    """Repair links, etcd, processes, clocks, and start what is down."""
    faults.heal(cast)
    faults.start_members(cast)
    faults.wake_processes(cast)
    faults.wake_database(cast)
    for process in (*cast.agents.values(), *cast.controllers.values()):
        process.clock_error = 0.0
    for controller in cast.controllers.values():
        controller.usurps = False
    for database in cast.world.databases.values():
        if not database.is_up:
            database.start(safely=False)
    cast.world.changed()
