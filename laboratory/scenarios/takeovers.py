"""Tests 3 and 4: a master dies, or a whole datacentre, and nothing of it comes back by itself."""

import asyncio
import time
from collections.abc import Callable

from laboratory.numbers import spread
from laboratory.scenarios.measuring import calm, until_written
from laboratory.scene import Scene, Trial

WRITTEN_SECONDS = 60.0
AFTERWARDS_SECONDS = 2.0


async def master(scene: Scene, *, times: int) -> None:
    """Kill one mariadbd, each datacentre's in turn, and hold it down."""
    await _play(scene, times, lambda site: [f"{site}:mariadb"], p95=3.0, most=5.0)


async def datacentre(scene: Scene, *, times: int) -> None:
    """Kill every process of a datacentre at once, and hold them down."""
    trial = await _play(scene, times, scene.machine.at, p95=6.0, most=6.0)
    logouts = sum(o.code.startswith("401") for o in trial.history.operations)
    scene.row("sessions lost", str(logouts), "0", is_kept=logouts == 0)


async def _play(
    scene: Scene, times: int, programs: Callable[[str], list[str]], *, p95: float, most: float
) -> Trial:
    waits, homecomings = [], []
    await calm(scene)
    async with scene.trial("kill") as trial:
        await asyncio.sleep(2)
        for number in range(times):
            site = scene.machine.settings.datacentres[number % 2].name
            at = await scene.machine.kill_and_hold(programs(site))
            trial.history.note("killed", site=site, killed_at=at)
            waits.append(await until_written(trial, site, at, WRITTEN_SECONDS))
            scene.say(f"{site} killed: first write after {waits[-1]:.2f} s")
            await asyncio.sleep(AFTERWARDS_SECONDS)
            back = time.monotonic()
            await scene.machine.start(programs(site))
            await calm(scene)
            homecomings.append(time.monotonic() - back)
    measured = spread(waits)
    scene.time(
        f"first acknowledged write of its portals, {times} times",
        str(measured),
        f"p95 <= {p95:.0f} s, max {most:.0f} s",
        is_kept=measured.p95 <= p95 and measured.max <= most,
    )
    scene.row("from its start to SYNC with its sides at home", str(spread(homecomings)))
    trial.report(await trial.judge(), most_failed=None)
    return trial
