"""A datacentre is given up for lost with writes that its peer never had: they are kept, and decided on."""

import asyncio
import json
import re
import secrets
import time
from collections.abc import Mapping, Sequence

from console.errors import Ending
from laboratory.control import Json
from laboratory.door import Portal
from laboratory.errors import LaboratoryError
from laboratory.faults import Cut
from laboratory.history import Outcome
from laboratory.operator import Operator, Said
from laboratory.scenarios.measuring import calm
from laboratory.scene import Scene
from laboratory.workloads.leads import LEADS

PAIR = "1"
REFUSED_SECONDS = 10.0
KEPT_SECONDS = 60.0
SPLIT_SECONDS, TAKEN_SECONDS, BACK_SECONDS = 60.0, 60.0, 180.0
STATED = re.compile(r"repeat: (['\"])(?P<loss>.+?)\1")


async def given_up(scene: Scene, *, leads: int) -> None:
    """Cut the link, write where nobody else hears it, lose that datacentre, take over, let it return.

    One lead is changed on both sides: that change does not fit any more, all others do.
    """
    await calm(scene)
    first, second = scene.machine.settings.datacentres
    operator = Operator(scene.machine.layout.file)
    portal = next(p for p in scene.portals if p.home == first.name)
    contested = await _made(scene, portal, "contested")
    link = Cut(((first, second), (second, first)))
    await link.start(scene.machine)
    try:
        alone = await _lost(scene, operator, portal, contested, leads)
    finally:
        # not before: the kernel of the dead would send what they had said
        await link.heal(scene.machine)
        await scene.machine.start(scene.machine.at(first.name))
    await scene.control.until(_is_stopped, "stopped", BACK_SECONDS)
    await _decide(scene, operator, portal)
    titles = {**alone, contested: "by the survivor"}
    found = await _found(scene, portal, titles)
    scene.row(
        "found after all was decided",
        f"{found} of {len(titles)}",
        "all",
        is_kept=found == len(titles),
    )


async def _lost(
    scene: Scene, operator: Operator, portal: Portal, contested: int, leads: int
) -> Mapping[int, str]:
    """Let the portal's home write alone, die and be given up; return the leads that it alone has."""
    await scene.control.until(lambda pair: pair["mode"] == "SPLIT", "SPLIT", SPLIT_SECONDS)
    alone = {await _made(scene, portal, f"alone {n}"): f"alone {n}" for n in range(leads)}
    await _renamed(scene, portal, contested, "by the lost one")
    await scene.machine.kill_and_hold(scene.machine.at(portal.home))
    await _nobody_takes_over(scene, portal.home)
    await _force(scene, operator, portal.home)
    await _renamed(scene, portal, contested, "by the survivor")
    missing = leads - await _found(scene, portal, alone)
    scene.row(
        "acknowledged by the lost datacentre alone, and missing now",
        f"{leads + 1}, {missing}",
        is_kept=missing == leads,
    )
    return alone


def _is_stopped(pair: Json) -> bool:
    return any(problem["code"] == "rejoin-stopped" for problem in pair["problems"])


async def _nobody_takes_over(scene: Scene, lost: str) -> None:
    await asyncio.sleep(REFUSED_SECONDS)
    pair = await scene.control.pair()
    is_kept = pair["serving"][lost] == lost
    scene.row(
        f"taken over by itself in {REFUSED_SECONDS:.0f} s, though that loses writes",
        "no" if is_kept else "yes",
        "no",
        is_kept=is_kept,
    )


async def _force(scene: Scene, operator: Operator, lost: str) -> None:
    """Ask for the loss to be stated, and state it."""
    told = await operator.portico("dc", "force", lost)
    stated = STATED.search(told.words)
    if stated is None:
        raise LaboratoryError(f"no loss is told: {told.words}")
    scene.say(stated["loss"])
    forced = await operator.portico("dc", "force", lost, "--loss", stated["loss"])
    await scene.control.until(
        lambda pair: pair["serving"][lost] != lost, f"{lost} taken over", TAKEN_SECONDS
    )
    is_kept = (told.code, forced.code) == (Ending.REFUSED, Ending.DONE)
    scene.row("force without and with the loss", f"{told.code}, {forced.code}", is_kept=is_kept)


async def _decide(scene: Scene, operator: Operator, portal: Portal) -> None:
    """Read the report, let the datacentre in, apply what fits and dismiss what does not."""
    kept = await _listed(operator, portal)
    people = [c for c in kept if c["table"].endswith(".crm_leads")]
    is_told = all(c["before"] != c["after"] and c["at"] for c in kept)
    is_told = is_told and all(c["actor"] is not None for c in people)
    scene.row(
        "late changes of the portal: when, whose, both values",
        str(len(kept)),
        "all told",
        is_kept=bool(people) and is_told,
    )
    await _succeeds(operator, "late", "withdraw", PAIR)
    await scene.control.until_peace(BACK_SECONDS, at_home=False)
    applied = await operator.portico("late", "apply", PAIR, "--all")
    scene.row("late apply --all", applied.words.strip(), is_kept=applied.code == Ending.STOPPED)
    await _succeeds(operator, "late", "dismiss", PAIR, "--all")
    states = sorted({change["state"] for change in await _listed(operator, portal)})
    scene.row("what became of them", ", ".join(states), is_kept=states == ["applied", "dismissed"])
    await calm(scene)


async def _listed(operator: Operator, portal: Portal) -> Sequence[Json]:
    """Return what is kept of a portal, once all of it is: it is read from the log of the lost one."""
    known, deadline = -1, time.monotonic() + KEPT_SECONDS
    while True:
        words = ("late", "list", PAIR, "--portal", str(portal.id), "--json")
        found: list[Json] = json.loads((await _succeeds(operator, *words)).words)["changes"]
        if found and len(found) == known:
            return found
        if time.monotonic() > deadline:
            raise LaboratoryError(f"{len(found)} late changes are kept")
        known = len(found)
        await asyncio.sleep(2)


async def _succeeds(operator: Operator, *words: str) -> Said:
    said = await operator.portico(*words)
    if said.code:
        raise LaboratoryError(f"portico {' '.join(words)}: {said.words}")
    return said


async def _made(scene: Scene, portal: Portal, title: str) -> int:
    answer = await scene.door.ask(
        portal, "POST", LEADS, json={"title": title}, key=secrets.token_hex(8)
    )
    if answer.outcome is not Outcome.OK:
        raise LaboratoryError(f"{title}: {answer.code}")
    return int(answer.body["id"])


async def _renamed(scene: Scene, portal: Portal, lead: int, title: str) -> None:
    path = f"{LEADS}/{lead}"
    answer = await scene.door.ask(
        portal, "PATCH", path, json={"title": title}, key=secrets.token_hex(8)
    )
    if answer.outcome is not Outcome.OK:
        raise LaboratoryError(f"{title}: {answer.code}")


async def _found(scene: Scene, portal: Portal, titles: Mapping[int, str]) -> int:
    """Count the leads that are there under their titles."""
    count = 0
    for lead, title in titles.items():
        answer = await scene.door.ask(portal, "GET", f"{LEADS}/{lead}")
        count += answer.outcome is Outcome.OK and answer.body["title"] == title
    return count
