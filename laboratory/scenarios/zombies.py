"""Test 7: those who do not know that they are dead, and processes that live in another hour."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence

from laboratory.faults import Cut, Fault, Freeze, KillAndHold, WrongClock
from laboratory.scenarios.measuring import calm, until_written
from laboratory.scene import Scene, Trial
from laboratory.workloads.zombies import Zombies

WRITERS = 16
TAKEOVER_SECONDS = 60.0
REPLACED_SECONDS = 10.0
HOUR = 3600


async def cut_off(scene: Scene, *, seconds: float) -> None:
    """A datacentre sees neither its peer nor the witness, while its clients go on writing there."""
    first = scene.machine.settings.datacentres[0]
    others = [s for s in scene.machine.settings.sites if s.name != first.name]
    island = Cut(tuple(way for o in others for way in ((first, o), (o, first))))
    await _outlived(scene, "cut-off", island, first.name, seconds)


async def plain_restart(scene: Scene, *, seconds: float) -> None:
    """The old master is dead, the portals are served elsewhere, and it is simply started again."""
    first = scene.machine.settings.datacentres[0].name
    dead = KillAndHold((f"{first}:mariadb",))
    await _outlived(scene, "plain-restart", dead, first, seconds, most=REPLACED_SECONDS)


async def stale_cache(scene: Scene, *, attempts: int) -> None:
    """After a planned switch somebody goes on writing with the route of before: both databases live."""
    await calm(scene)
    first, second = (s.name for s in scene.machine.settings.datacentres)
    async with scene.trial("stale-cache") as trial:
        zombies = Zombies.of(trial.bank, scene.portals, first)
        await _switch(scene, first, second)
        zombies.start(WRITERS)
        await zombies.until(attempts, seconds=attempts / 500)
        await zombies.stop()
        await _switch(scene, first, first)
    findings = await trial.judge()
    _report_zombies(scene, zombies, asked=attempts)
    trial.report(findings)


async def sleeping_node(scene: Scene, *, times: int) -> None:
    """A web node is stopped, perhaps in a transaction, across a switch; later it wakes up."""
    await calm(scene)
    first, second = (s.name for s in scene.machine.settings.datacentres)
    async with scene.trial("sleeping-node") as trial:
        for number in range(times):
            node = Freeze(f"{first}:portal-{number % 2 + 1}")
            await node.start(scene.machine)
            try:
                await _switch(scene, first, second)
            finally:
                await node.heal(scene.machine)
            await asyncio.sleep(1)
            await _switch(scene, first, first)
            await scene.machine.until_healthy()
    scene.row("switches with a stopped web node", str(times * 2))
    trial.report(await trial.judge(), most_failed=None)


async def wrong_clocks(scene: Scene, *, programs: Sequence[str]) -> None:
    """Controllers, agents and web nodes an hour ahead or behind: switches and a takeover all the same."""
    first, second = (s.name for s in scene.machine.settings.datacentres)
    await calm(scene)
    async with scene.trial("wrong-clocks") as trial:
        for number, program in enumerate(programs):
            clock = WrongClock(program, HOUR if number % 2 else -HOUR)
            await clock.start(scene.machine)
            try:
                await asyncio.sleep(3)
                await _switch(scene, first, second)
                await _switch(scene, first, first)
            finally:
                await clock.heal(scene.machine)
            await calm(scene)
    scene.row("processes an hour off, each across two switches", ", ".join(programs))
    trial.report(await trial.judge(), most_failed=None)


async def _outlived(
    scene: Scene, name: str, fault: Fault, site: str, seconds: float, *, most: float | None = None
) -> None:
    """Make zombies of a site's writers by a fault that others take its portals over for, in time."""
    await calm(scene)
    async with scene.trial(name) as trial:
        await asyncio.sleep(1)
        zombies = Zombies.of(trial.bank, scene.portals, site)
        at = time.monotonic()
        await fault.start(scene.machine)
        trial.history.note("fault", fault=repr(fault))
        zombies.start(WRITERS)
        try:
            taken = await _taken_over(scene, trial, site, at)
            await asyncio.sleep(seconds)
        finally:
            await fault.heal(scene.machine)
        await calm(scene)
        await zombies.stop()
    scene.row(
        "its portals written elsewhere after",
        f"{taken:.2f} s",
        f"<= {most:.0f} s" if most else "",
        is_kept=taken <= most if most else None,
    )
    findings = await trial.judge()
    _report_zombies(scene, zombies, asked=None)
    trial.report(findings, most_failed=None)


async def _taken_over(scene: Scene, trial: Trial, site: str, at: float) -> float:
    peer = next(s.name for s in scene.machine.settings.datacentres if s.name != site)
    await scene.control.until(
        lambda pair: pair["serving"][site] == peer, f"{site} taken over", TAKEOVER_SECONDS
    )
    return await until_written(trial, site, at, TAKEOVER_SECONDS)


async def _switch(scene: Scene, side: str, target: str) -> None:
    await scene.control.until_peace(at_home=False)
    await scene.control.switch_sides([side], target)
    await scene.control.until(
        lambda pair: pair["move"] is None and pair["serving"][side] == target,
        f"{side} at {target}",
        TAKEOVER_SECONDS,
    )


def _report_zombies(scene: Scene, zombies: Zombies, *, asked: int | None) -> None:
    """Note how many attempts there were, and how many were accepted or are there in the end."""
    resurrected: Counter[str] = Counter()
    for site in scene.machine.settings.datacentres:
        for transfers in scene.databases.found(site).transfers.values():
            there = zombies.tried.intersection(t.number for t in transfers)
            resurrected[site.name] += len(there)
    attempts = f"{zombies.attempts:,} ({zombies.refusals}, unanswered {zombies.unanswered})"
    scene.row(
        "attempts with a route of before",
        attempts,
        f">= {asked:,}" if asked else "",
        is_kept=zombies.attempts >= asked if asked else None,
    )
    accepted = len(zombies.acknowledged)
    scene.row("of these acknowledged", str(accepted), "0", is_kept=accepted == 0)
    found = resurrected.total()
    scene.row("of these in a database in the end", str(found), "0", is_kept=found == 0)
