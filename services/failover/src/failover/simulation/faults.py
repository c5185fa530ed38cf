"""What goes wrong, and what operators do meanwhile."""

from collections.abc import Callable

from failover import admission
from failover.actions import ChangeRecord
from failover.decide import answer
from failover.demands import Demand, Force, Resume, Suspend, SwitchSides
from failover.follow import follow
from failover.simulation.cast import Cast
from failover.simulation.network import DIRECTIONS, EVERYWHERE

QUIET_SECONDS = 700.0
Event = Callable[[Cast], None]
Trouble = tuple[Event, ...]


def kill_database(cast: Cast) -> None:
    """``kill -9`` of a master."""
    cast.world.kill(cast.world.databases[cast.site()])


def start_database(cast: Cast) -> None:
    """A supervisor starts what is down, plainly: it knows nothing of the record."""
    database = cast.world.databases[cast.site()]
    if not database.is_up:
        database.start(safely=False)
        cast.world.changed()


def pause_database(cast: Cast) -> None:
    """SIGSTOP: a zombie to be."""
    database = cast.world.databases[cast.site()]
    database.is_paused = database.is_up
    cast.world.changed()


def wake_database(cast: Cast) -> None:
    """SIGCONT."""
    for database in cast.world.databases.values():
        database.is_paused = False
    cast.world.changed()


def restart_threads(cast: Cast) -> None:
    """Somebody types ``STOP SLAVE; START SLAVE``."""
    database = cast.world.databases[cast.site()]
    if database.answers:
        database.restart_replica_threads()


def cut_direction(cast: Cast) -> None:
    """One direction of one link drops everything."""
    cast.world.network.cut.add(DIRECTIONS[int(cast.random * len(DIRECTIONS))])
    cast.world.changed()


def isolate(cast: Cast) -> None:
    """A site reaches nobody."""
    place = cast.place()
    cast.world.network.cut.update(d for d in DIRECTIONS if place in d)
    cast.world.changed()


def cut_link(cast: Cast) -> None:
    """The link between the datacentres is cut; both reach the witness."""
    one, other, _ = EVERYWHERE
    cast.world.network.cut.update(((one, other), (other, one)))
    cast.world.changed()


def heal(cast: Cast) -> None:
    """All links work again."""
    cast.world.network.cut.clear()
    cast.world.changed()


def stop_member(cast: Cast) -> None:
    """A member of etcd dies."""
    cast.world.network.members.discard(cast.place())
    cast.world.changed()


def start_members(cast: Cast) -> None:
    """All members of etcd run."""
    cast.world.network.members.update(EVERYWHERE)
    cast.world.changed()


def kill_datacentre(cast: Cast) -> None:
    """Everything in a datacentre dies at once."""
    site = cast.site()
    cast.world.network.members.discard(site)
    for process in (cast.agents[site], cast.controllers[site]):
        process.forget()
        process.is_running = False
    cast.world.nodes[site].is_running = False
    cast.world.kill(cast.world.databases[site])


def kill_process(cast: Cast) -> None:
    """An agent or controller dies between any two steps, and is started again or not."""
    group = cast.agents if cast.chance(0.5) else cast.controllers
    process = group[cast.place()]
    process.forget()
    process.is_running = cast.chance(0.5)


def pause_process(cast: Cast) -> None:
    """An agent or controller sleeps, with what it decided still to be done."""
    group = cast.agents if cast.chance(0.5) else cast.controllers
    group[cast.place()].is_running = False


def wake_processes(cast: Cast) -> None:
    """They go on where they were."""
    for process in (*cast.agents.values(), *cast.controllers.values()):
        process.is_running = True
    for node in cast.world.nodes.values():
        node.is_running = True


def leave_ghost(cast: Cast) -> None:
    """An agent dies and is started again, but its last command is still on its way."""
    agent = cast.agents[cast.site()]
    if agent.site in cast.world.network.majority:
        agent.report()
        command = follow(agent.look()).command
        if command is not None:
            cast.ghosts.append((agent, command))


def let_ghost_act(cast: Cast) -> None:
    """The command arrives."""
    if cast.ghosts:
        agent, command = cast.ghosts.pop(int(cast.random * len(cast.ghosts)))
        agent.act(command)


def usurp(cast: Cast) -> None:
    """A second controller believes to lead."""
    controller = cast.controllers[cast.place()]
    controller.usurps = not controller.usurps


def pause_node(cast: Cast) -> None:
    """The web nodes of a datacentre keep an old route."""
    cast.node().is_running = False


def jump_clock(cast: Cast) -> None:
    """The wall clock of one site goes wrong by an hour."""
    place, error = cast.place(), 3600.0 if cast.chance(0.5) else -3600.0
    cast.agents[place].clock_error = cast.controllers[place].clock_error = error


def pass_time(cast: Cast) -> None:
    """Minutes pass in which nothing happens."""
    cast.world.now += QUIET_SECONDS


def switch_sides(cast: Cast) -> None:
    """An operator switches a side, or all that a datacentre serves."""
    pair, target = cast.world.store.pair, cast.site()
    sides = pair.sides_of(pair.peer_of(target)) if cast.chance(0.5) else (cast.site(),)
    demand(cast, SwitchSides(sides, target, pair.term))


def suspend(cast: Cast) -> None:
    """An operator takes a datacentre out for planned work."""
    demand(cast, Suspend(cast.site(), cast.world.store.pair.term))


def resume(cast: Cast) -> None:
    """An operator brings a datacentre back."""
    pair = cast.world.store.pair
    demand(cast, Resume(pair.away or cast.site(), pair.term))


def force(cast: Cast) -> None:
    """An operator accepts the loss."""
    pair, lost = cast.world.store.pair, cast.site()
    demand(cast, Force(lost, pair.term, admission.stated_loss(pair, lost)))


def demand(cast: Cast, what: Demand) -> None:
    """Ask whoever leads."""
    controller = cast.leader()
    if not controller.is_running or controller.site not in cast.world.network.majority:
        return
    decision = answer(controller.look(leads_seconds=1.0), what)
    cast.world.tell("operator", decision.why, decision.action)
    if isinstance(decision.action, ChangeRecord):
        controller.change(decision.action)


TROUBLES: tuple[Trouble, ...] = (
    (kill_database, start_database, start_database),
    (pause_database, wake_database),
    (restart_threads,),
    (cut_direction, heal),
    (isolate, heal),
    (cut_link, heal),
    (stop_member, start_members),
    (kill_datacentre, start_members, wake_processes),
    (kill_process, wake_processes),
    (pause_process, wake_processes),
    (leave_ghost, leave_ghost, leave_ghost, let_ghost_act),
    (usurp,),
    (pause_node, wake_processes),
    (jump_clock,),
    (pass_time,),
    (switch_sides,),
    (switch_sides, pass_time),
    (suspend, resume),
    (force,),
)
"""Kinds of trouble, each with what mends it."""
