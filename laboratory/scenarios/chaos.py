"""Test 5: faults in random order from a seed, one after the other, under all workloads."""

import asyncio
import time

from laboratory.faults import Chance, FullDisk
from laboratory.scenarios.measuring import calm
from laboratory.scene import Rates, Scene

REST_AFTER = 10  # faults; then peace, and the next ten minutes
DISK_SECONDS = 75.0  # MariaDB looks once a minute whether there is room again


async def play(scene: Scene, *, faults: int, minutes: float, rates: Rates) -> None:
    """Start and heal so many faults, or as many as the minutes allow."""
    chance = Chance(scene.machine, scene.seed)
    done = 0
    await calm(scene)
    ends = time.monotonic() + minutes * 60
    async with scene.trial("faults", rates) as trial:
        while done < faults and time.monotonic() < ends:
            fault = chance.fault()
            trial.history.note("fault", fault=repr(fault))
            scene.say(f"{done + 1:3d} {fault!r}")
            try:
                await fault.start(scene.machine)
                await asyncio.sleep(chance.seconds(0.5, 5))
            finally:
                await fault.heal(scene.machine)
            trial.history.note("healed", fault=repr(fault))
            done += 1
            await asyncio.sleep(chance.seconds(0.2, 2))
            if isinstance(fault, FullDisk):
                await asyncio.sleep(DISK_SECONDS)
            if done % REST_AFTER == 0:
                await calm(scene)
        await calm(scene)
    scene.row("faults", str(done), f">= {faults}", is_kept=done >= faults)
    findings = await trial.judge()
    acknowledged = trial.acknowledged()
    scene.row("acknowledged", f"{acknowledged:,}", ">= 1,000,000", is_kept=acknowledged >= 10**6)
    scene.row("requests", str(trial.latency()))
    trial.report(findings, most_failed=None)
