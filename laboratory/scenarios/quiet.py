"""No harm at all: what the workloads cost and whether the checker is content, to compare with."""

import asyncio

from laboratory.scene import Scene


async def play(scene: Scene, *, seconds: float) -> None:
    """Only load."""
    async with scene.trial("quiet") as trial:
        await asyncio.sleep(seconds)
    scene.row("requests", str(trial.latency()))
    trial.report(await trial.judge())
