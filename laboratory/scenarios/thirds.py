"""Test 8: the witness dies, etcd's leader dies, all of etcd dies: data is served, nothing is taken over."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from laboratory.control import Json
from laboratory.faults import Fault, Freeze, Kill, KillAndHold
from laboratory.scenarios.measuring import calm
from laboratory.scene import Scene, Trial

VOTERS = ("etcd", "failover")


async def witness(scene: Scene, *, seconds: float) -> None:
    """The witness's etcd member and its failover service die and stay dead."""
    name = scene.machine.settings.sites[-1].name
    dead = KillAndHold(tuple(f"{name}:{kind}" for kind in VOTERS))
    async with _nothing_moves(scene, "witness") as trial, trial.under(dead):
        await asyncio.sleep(seconds)
    trial.report(await trial.judge())


async def all_of_etcd(scene: Scene, *, seconds: float) -> None:
    """Every etcd member dies and stays dead."""
    dead = KillAndHold(tuple(scene.machine.named("etcd")))
    async with _nothing_moves(scene, "etcd") as trial, trial.under(dead):
        await asyncio.sleep(seconds)
    scene.row("etcd dead for", f"{seconds:.0f} s", "600 s")
    trial.report(await trial.judge())


async def trials(scene: Scene, *, times: int) -> None:
    """Many small blows to those who decide; none may move a portal."""
    chance = random.Random(scene.seed)  # noqa: S311  # no secret
    async with _nothing_moves(scene, "false-failovers") as trial:
        for _ in range(times):
            async with trial.under(_small_fault(scene, chance)):
                await asyncio.sleep(chance.uniform(0.2, 1.5))
            await asyncio.sleep(chance.uniform(0.1, 0.6))
    scene.row("blows to etcd members, controllers and agents", str(times), "100")
    trial.report(await trial.judge())


def _small_fault(scene: Scene, chance: random.Random) -> Fault:
    program = chance.choice([p for kind in VOTERS for p in scene.machine.named(kind)])
    kinds: Sequence[Fault] = (Kill(program), Freeze(program), KillAndHold((program,)))
    return chance.choice(kinds)


@asynccontextmanager
async def _nothing_moves(scene: Scene, name: str) -> AsyncIterator[Trial]:
    """Run a trial after which the same serve the same, and say so."""
    await calm(scene)
    before = await scene.control.pair()
    async with scene.trial(name) as trial:
        await asyncio.sleep(1)
        yield trial
        await calm(scene)
    after = await scene.control.pair()
    moves = [each for each in after["decisions"] if _is_move(each, before)]
    kept = before["serving"] == after["serving"] and not moves
    scene.row("false failovers", str(len(moves)), "0", is_kept=kept)


def _is_move(decision: Json, before: Json) -> bool:
    """Whether a decision of since then raised the term, as every change of owners does."""
    return int(decision["term"]) > int(before["term"])
