"""Tests 1 and 2: planned switches of one portal, and of a datacentre with all its portals."""

import asyncio
import time

from laboratory import bare
from laboratory.errors import LaboratoryError
from laboratory.history import Operation
from laboratory.numbers import Spread, spread
from laboratory.scenarios.measuring import calm
from laboratory.scene import Rates, Scene, Trial

SWITCH_SECONDS = 15.0
POLL_SECONDS = 0.02
Span = tuple[float, float]


async def one_portal(scene: Scene, *, times: int, every: float, rate: float) -> None:
    """Switch one portal to and fro under load; ``times`` is even, so that it ends at home."""
    await calm(scene)
    portal = scene.portals[0]
    spans: list[Span] = []
    async with scene.trial("portal", Rates(leads=rate)) as trial:
        await asyncio.sleep(2)
        for number in range(times):
            begun = time.monotonic()
            spans.append(await _switch_portal(scene, portal.id))
            if number == 0:
                scene.say(f"first switch: {spans[0][1] - spans[0][0]:.3f} s as an operator sees it")
            await asyncio.sleep(max(0.0, begun + every - time.monotonic()))
    pauses = spread(_longest(trial, str(portal.id), span) for span in spans)
    _rows(scene, trial, spans)
    scene.time(
        f"pause of the portal, longest request in each of {times} switches",
        f"p50 {pauses.p50 * 1000:.0f} ms, p99 {pauses.p99 * 1000:.0f} ms, max {pauses.max * 1000:.0f} ms",
        "p50 < 50 ms, p99 < 150 ms",
        is_kept=pauses.p50 < 0.05 and pauses.p99 < 0.15,
    )
    _added(scene, trial, spans, asked=0.25)
    trial.report(await trial.judge())


async def datacentre(scene: Scene, *, times: int, portals: int) -> None:
    """Serve everything of a datacentre at the other, and bring it back.

    Most of its portals are a route and a fence only; the others are at work.
    """
    settings = scene.machine.settings
    await bare.add(settings, scene.databases, portals * len(settings.datacentres))
    await calm(scene)
    spans: list[Span] = []
    async with scene.trial("datacentre") as trial:
        await asyncio.sleep(2)
        for number in range(times):
            source = scene.machine.settings.datacentres[number % 2].name
            target = scene.machine.settings.datacentres[1 - number % 2].name
            for side_to in (target, source):
                spans.append(await switch_side(scene, source, side_to))
                await asyncio.sleep(1.5)
    _rows(scene, trial, spans)
    took = spread(end - start for start, end in spans)
    scene.time(
        f"evacuation or return, {len(spans)} times, {portals:,} portals ({len(scene.portals)} under load)",
        str(took),
        "<= 10 s of 1,000",
        is_kept=took.max <= 10 and portals >= 1000,
    )
    _added(scene, trial, spans, asked=0.5)
    trial.report(await trial.judge())


async def _switch_portal(scene: Scene, portal: int) -> Span:
    """Switch to the other side; return from the demand to the end."""
    record = await scene.control.portal(portal)
    target = next(s.name for s in scene.machine.settings.datacentres if s.name != record["home"])
    start = time.monotonic()
    await scene.control.demand(
        f"/v1/portals/{portal}/switch",
        target=target,
        epoch=record["epoch"],
        budget_seconds=10,
        dry_run=False,
    )
    while time.monotonic() < start + SWITCH_SECONDS:
        seen = await scene.control.portal(portal)
        if seen["state"] == "active":
            if seen["home"] != target:
                raise LaboratoryError(f"the switch was taken back: {seen}")
            return start, time.monotonic()
        await asyncio.sleep(POLL_SECONDS)
    raise LaboratoryError(f"portal {portal} is not switched within {SWITCH_SECONDS:.0f} s")


async def switch_side(scene: Scene, side: str, target: str) -> Span:
    """Switch a side; return from the demand to the end."""
    start = time.monotonic()
    await scene.control.switch_sides([side], target)
    await scene.control.until(
        lambda pair: pair["serving"][side] == target and pair["move"] is None,
        f"{side} served at {target}",
        SWITCH_SECONDS,
    )
    return start, time.monotonic()


def _longest(trial: Trial, portal: str, span: Span) -> float:
    touched = [o.seconds for o in trial.history.between(*span) if o.key.partition("/")[0] == portal]
    return max(touched, default=0.0)


def _rows(scene: Scene, trial: Trial, spans: list[Span]) -> None:
    scene.row("requests", str(trial.latency()))
    took = spread(end - start for start, end in spans)
    scene.row("one switch as the operator sees it", str(took))


def _added(scene: Scene, trial: Trial, spans: list[Span], *, asked: float) -> None:
    """Compare requests during switches with those far from any."""
    during = trial.latency(spans)
    before = _far_from(trial, spans)
    added = during.p99 - before.p99
    scene.time(
        "added p99 of requests during switches",
        f"{added * 1000:.0f} ms ({during.p99 * 1000:.0f} instead of {before.p99 * 1000:.0f})",
        f"< {asked * 1000:.0f} ms",
        is_kept=added < asked,
    )


def _far_from(trial: Trial, spans: list[Span]) -> Spread:
    touched: set[int] = {o.number for span in spans for o in trial.history.between(*span)}
    others: list[Operation] = [o for o in trial.requests() if o.number not in touched]
    return spread(o.seconds for o in others)
