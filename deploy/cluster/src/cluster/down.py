"""``python -m cluster down``: ends exactly what ``up`` started; the data stays."""

from collections.abc import Sequence

from cluster import lock, marker
from cluster.errors import ClusterError
from cluster.health import wait_while
from cluster.layout import Layout
from cluster.programs import Program, Stage, all_programs
from cluster.progress import Progress
from cluster.supervisor import Supervisor

SUPERVISOR_SECONDS = 30.0


def down(layouts: Sequence[Layout]) -> None:
    """End each of the clusters that runs; say so if none does."""
    ended = [layout for layout in layouts if _down(layout)]
    if not ended:
        print("Nothing runs.")


def _down(layout: Layout) -> bool:
    """End one cluster; return whether there was anything to end."""
    if not layout.var.exists():
        return False
    progress = Progress()
    with lock.exclusive(layout, progress):
        supervisor = Supervisor(layout)
        runs = supervisor.is_alive()
        if runs:
            _stop_in_order(all_programs(layout), supervisor, progress)
            supervisor.shut_down()
            wait_while(
                lambda: "supervisord still runs" if supervisor.is_alive() else "",
                SUPERVISOR_SECONDS,
            )
        left = marker.survivors(layout)
        if immortal := marker.end(layout):
            pids = ", ".join(str(process.pid) for process in immortal)
            raise ClusterError(f"these processes cannot be ended: {pids}")
    if runs or left:
        progress.say(f"{layout.var}: everything has ended, the data stays")
    return runs or bool(left)


def _stop_in_order(programs: Sequence[Program], supervisor: Supervisor, progress: Progress) -> None:
    """Stop the services before what they stand on, so that nothing is cut off in the middle."""
    known = supervisor.states()
    for stage in sorted(Stage, reverse=True):
        group = [p for p in programs if p.stage is stage and p.full_name in known]
        patience = max((p.stop_seconds for p in group), default=0) + 10
        supervisor.stop([p.full_name for p in group], patience)
        progress.say(f"stopped {stage.name.lower()}")
