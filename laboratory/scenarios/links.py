"""Test 6: the link between the datacentres is cut, the witness sees both; later it is healed."""

import asyncio
import time

from laboratory.faults import Cut
from laboratory.scenarios.measuring import calm, longest_silence
from laboratory.scene import Scene, Trial

EQUAL_SECONDS = 60.0
STALL_SECONDS = 10.0
"""For so long after the cut nothing is held against the datacentres."""


async def cut(scene: Scene, *, seconds: float) -> None:
    """Cut it, let both work alone, heal it."""
    await calm(scene)
    first, second = scene.machine.settings.datacentres
    link = Cut(((first, second), (second, first)))
    before = await scene.control.pair()
    async with scene.trial("link") as trial:
        await asyncio.sleep(2)
        start = trial.history.note("link cut")
        await link.start(scene.machine)
        await asyncio.sleep(seconds)
        during = await scene.control.pair()
        await link.heal(scene.machine)
        end = trial.history.note("link healed")
        await asyncio.sleep(2)
        await scene.control.until_peace(EQUAL_SECONDS * 2)
        peace = time.monotonic()
    scene.row(
        "the pair while the link is cut",
        str(during["mode"]),
        "SPLIT",
        is_kept=during["mode"] == "SPLIT",
    )
    kept = during["serving"] == before["serving"]
    scene.row("portals switched", "none" if kept else str(during["serving"]), "none", is_kept=kept)
    for site in (first, second):
        stall = longest_silence(trial, site.name, start, start + STALL_SECONDS)
        scene.time(f"stall of {site.name}'s writes", f"{stall:.2f} s", "<= 3 s", is_kept=stall <= 3)
    late = _failed_in(trial, start + STALL_SECONDS / 2, end)
    scene.row(
        f"failed requests in {seconds:.0f} s of cut, after the stall",
        str(late),
        "0",
        is_kept=late == 0,
    )
    findings = await trial.judge()
    equal = time.monotonic() - end
    scene.row("in SYNC again after healing", f"{peace - end:.1f} s")
    scene.time(
        "databases equal after healing",
        f"<= {equal:.1f} s",
        "<= 60 s",
        is_kept=equal <= EQUAL_SECONDS,
    )
    trial.report(findings, most_failed=None)


def _failed_in(trial: Trial, start: float, end: float) -> int:
    return sum(
        not o.is_ok and not o.code.startswith("412")
        for o in trial.requests()
        if start <= o.due <= end - 1
    )
