"""Test 5: faults in random order from a seed, one after the other, under all workloads."""

import asyncio
import time

from laboratory.faults import Chance, FullDisk
from laboratory.scenarios.measuring import calm
from laboratory.scene import Rates, Scene

REST_AFTER = 10  # faults; then peace, and the next ten minutes
DISK_SECONDS = 75.0  # MariaDB looks once a minute whether there is room again


async def play(scene: Scene, *, faults: int, operations: int, minutes: float, rates: Rates) -> None:
    """Start and heal faults until there were so many, and so much was acknowledged, or time is up."""
    chance = Chance(scene.machine, scene.seed)
    done = 0
    await calm(scene)
    ends = time.monotonic() + minutes * 60
    async with scene.trial("faults", rates) as trial:
        history = trial.history
        while time.monotonic() < ends and (done < faults or history.acknowledged < operations):
            fault = chance.fault()
            scene.say(f"{done + 1:3d} {fault!r}")
            async with trial.under(fault):
                await asyncio.sleep(chance.seconds(0.5, 5))
            done += 1
            await asyncio.sleep(chance.seconds(0.2, 2))
            if isinstance(fault, FullDisk):
                await asyncio.sleep(DISK_SECONDS)
            if done % REST_AFTER == 0:
                await calm(scene)
        await calm(scene)
    scene.row("faults", str(done), f">= {faults}", is_kept=done >= faults)
    scene.row(
        "acknowledged",
        f"{history.acknowledged:,}",
        f">= {operations:,}",
        is_kept=history.acknowledged >= operations,
    )
    scene.row("requests", str(trial.latency()))
    trial.report(await trial.judge(), most_failed=None)
