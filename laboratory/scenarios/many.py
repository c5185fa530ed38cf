"""Many portals: what is measured does not grow with them, a fault pages once, and is mended by itself."""

import asyncio
import time
from collections.abc import Sequence

from laboratory import bare
from laboratory.errors import LaboratoryError
from laboratory.faults import Cut, Fault, KillAndHold
from laboratory.monitoring import Monitoring
from laboratory.scenarios.measuring import calm
from laboratory.scene import Scene, Trial

KNOWN_SECONDS = 60.0
QUIET_SECONDS = 120.0
LOOK_SECONDS = 1.0


async def faults(scene: Scene, *, portals: int, seconds: float) -> None:
    """Add so many portals, then let a master die, a link be cut and a datacentre die.

    Each fault lasts so long that whoever is to be paged is; most portals are a route and fences only.
    """
    machine = scene.machine
    await calm(scene)
    async with Monitoring.open(machine) as monitoring:
        before = await monitoring.series()
        await bare.add(machine.settings, scene.databases, portals)
        await _until_known(monitoring, portals)
        after = await monitoring.series()
        scene.row(
            f"series of all processes with {portals:,} portals more",
            f"{after:,} instead of {before:,}",
            "not one for each portal",
            is_kept=after - before < portals / 100,
        )
        async with scene.trial("faults") as trial:
            await asyncio.sleep(2)
            for fault in _faults(scene):
                await _one(scene, trial, monitoring, fault, seconds)
    trial.report(await trial.judge(), most_failed=None)


def _faults(scene: Scene) -> Sequence[Fault]:
    machine = scene.machine
    first, second = machine.settings.datacentres
    return (
        KillAndHold((f"{first.name}:mariadb",)),
        Cut(((first, second), (second, first))),
        KillAndHold(tuple(machine.at(second.name))),
    )


async def _one(
    scene: Scene, trial: Trial, monitoring: Monitoring, fault: Fault, seconds: float
) -> None:
    """Let one fault come and go; note who was woken and what the controller did."""
    known = [d["at"] for d in (await scene.control.pair())["decisions"]]
    paged: list[str] = []
    async with trial.under(fault):
        await _listen(monitoring, paged, seconds)
    healed = time.monotonic()
    await calm(scene)
    scene.say(f"{fault.kind}: at peace {time.monotonic() - healed:.1f} s after it was healed")
    await _until_quiet(monitoring, paged)
    done = [d["why"] for d in (await scene.control.pair())["decisions"] if d["at"] not in known]
    scene.row(
        f"pages for: {fault.kind}", ", ".join(paged) or "none", "one", is_kept=len(paged) == 1
    )
    scene.row(
        f"what the controller did about: {fault.kind}",
        "; ".join(done),
        "mended",
        is_kept=bool(done),
    )


async def _listen(monitoring: Monitoring, paged: list[str], seconds: float) -> None:
    """Note, each once, the pages of so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        paged += sorted(set(await monitoring.pages()) - set(paged))
        await asyncio.sleep(LOOK_SECONDS)


async def _until_quiet(monitoring: Monitoring, paged: list[str]) -> None:
    """Wait until nothing wakes anybody any more; what comes meanwhile counts, too."""
    deadline = time.monotonic() + QUIET_SECONDS
    while pages := await monitoring.pages():
        paged += sorted(set(pages) - set(paged))
        if time.monotonic() > deadline:
            raise LaboratoryError(f"still paging: {', '.join(sorted(pages))}")
        await asyncio.sleep(LOOK_SECONDS)


async def _until_known(monitoring: Monitoring, portals: int) -> None:
    deadline = time.monotonic() + KNOWN_SECONDS
    while (known := await monitoring.fewest_known()) < portals:
        if time.monotonic() > deadline:
            raise LaboratoryError(f"a web node knows {known:,} of {portals:,} portals only")
        await asyncio.sleep(LOOK_SECONDS)
