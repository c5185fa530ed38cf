"""Knows the processes of a cluster by a variable in their environment, whoever their parent is.

A supervisor killed with -9 leaves its children behind, an ``up`` killed half-way its helpers. They all
carry the path of their ``var``, so the next ``up`` or ``down`` finds exactly them and nobody else.
"""

import contextlib
import os
import signal
import time

import psutil

from cluster.layout import Layout

VARIABLE = "PORTICO_CLUSTER"
_INHERITED = ("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ")
# The object store never ends without its monitor, and everything here survives a kill
TERM_SECONDS = 10.0
KILL_SECONDS = 10.0


def environment(layout: Layout, **more: str) -> dict[str, str]:
    """Return the environment of everything the cluster starts: little, and marked."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {**inherited, "LANG": "C.UTF-8", VARIABLE: str(layout.var), **more}


def owner(process: psutil.Process) -> str | None:
    """Return the ``var`` of the cluster a process belongs to, if we may know; a zombie has none."""
    try:
        return process.environ().get(VARIABLE)
    except (psutil.Error, OSError):
        return None


def survivors(layout: Layout, *, but_under: int | None = None) -> list[psutil.Process]:
    """Return the living processes of the cluster, found by their mark.

    ``but_under`` is a process that is left out with all that descends from it.
    """
    marked = (p for p in psutil.process_iter() if owner(p) == str(layout.var))
    return [p for p in marked if not _descends(p, but_under)]


def end(layout: Layout, *, but_under: int | None = None) -> list[psutil.Process]:
    """Ask the survivors to end, insist after a while; return those that even then remain."""
    left = survivors(layout, but_under=but_under)
    for number, patience in ((signal.SIGTERM, TERM_SECONDS), (signal.SIGKILL, KILL_SECONDS)):
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        deadline = time.monotonic() + patience
        while left and time.monotonic() < deadline:
            time.sleep(0.05)
            left = survivors(layout, but_under=but_under)
    return left


def _descends(process: psutil.Process, head: int | None) -> bool:
    try:
        return head is not None and head in {p.pid for p in (process, *process.parents())}
    except psutil.NoSuchProcess:
        return True  # ended meanwhile: nobody's concern
