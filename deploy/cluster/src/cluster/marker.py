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
TERM_SECONDS = 30.0
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


def survivors(layout: Layout, spared: frozenset[int] = frozenset()) -> list[psutil.Process]:
    """Return the living processes of the cluster but the ``spared`` ones, found by their mark."""
    var = str(layout.var)
    return [p for p in psutil.process_iter() if p.pid not in spared and owner(p) == var]


def end(layout: Layout, spared: frozenset[int] = frozenset()) -> list[psutil.Process]:
    """Ask the cluster's processes to end, insist after a while; return those that even then remain."""
    for number, patience in ((signal.SIGTERM, TERM_SECONDS), (signal.SIGKILL, KILL_SECONDS)):
        left = survivors(layout, spared)
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        deadline = time.monotonic() + patience
        while left and time.monotonic() < deadline:
            time.sleep(0.05)
            left = survivors(layout, spared)
    return survivors(layout, spared)
