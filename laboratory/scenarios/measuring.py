"""What scenarios read off a history: the first write after a blow, the longest silence."""

import asyncio
import itertools
import time
from collections.abc import Iterator

from laboratory.errors import LaboratoryError
from laboratory.history import Operation
from laboratory.scene import Scene, Trial

WRITES = {"create", "append"}
POLL_SECONDS = 0.02
LONGEST_REQUEST_SECONDS = 30.0


def writes_of(trial: Trial, home: str, since: float) -> Iterator[Operation]:
    """Return the acknowledged writes of a side, through the front door, that were due after ``since``."""
    at_home = {str(p.id) for p in trial.scene.portals if p.home == home}
    for operation in reversed(trial.history.operations):
        if operation.due <= since:
            return
        is_write = operation.kind in WRITES and operation.is_ok
        if is_write and operation.key.partition("/")[0] in at_home:
            yield operation


def first_write_after(trial: Trial, home: str, at: float) -> float | None:
    """Return how long after ``at`` the first write was acknowledged that was sent after it."""
    ends = [o.ended for o in writes_of(trial, home, at) if o.ended is not None]
    return min(ends) - at if ends else None


async def until_written(trial: Trial, home: str, at: float, seconds: float) -> float:
    """Wait for that write."""
    while time.monotonic() < at + seconds:
        first = first_write_after(trial, home, at)
        if first is not None:
            return first
        await asyncio.sleep(POLL_SECONDS)
    raise LaboratoryError(f"no write of {home} was acknowledged within {seconds:.0f} s")


def longest_silence(trial: Trial, home: str, start: float, end: float) -> float:
    """Return the longest time without an acknowledged write of a side."""
    found = writes_of(trial, home, start - LONGEST_REQUEST_SECONDS)
    ends = sorted(o.ended for o in found if o.ended is not None and start <= o.ended <= end)
    marks = [start, *ends, end]
    return max(b - a for a, b in itertools.pairwise(marks))


async def calm(scene: Scene) -> None:
    """Let ten minutes pass for the control plane, and wait until everything is as it should be."""
    await scene.control.let_ten_minutes_pass()
    await scene.machine.until_healthy()
    await scene.control.until_peace()
