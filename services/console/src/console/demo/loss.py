"""The last act: everything in one datacentre is killed under load, and it comes back."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from console.control.errand import Errand
from console.control.failover import Failover
from console.control.outcome import Outcome
from console.control.pairs import Pair, all_pairs
from console.control.progress import Progress
from console.control.switching import switch_sides
from console.demo import account
from console.demo.company import Company
from console.demo.load import Load, Tally
from console.demo.promises import Promises
from console.demo.sabotage import Saboteur
from console.errors import ConsoleError, Ending
from console.installation import Installation

CALM_SECONDS = 1.0
"""Work before the loss, and after each change."""
TAKEOVER_SECONDS = 6.0
RETURN_SECONDS = 90.0
LOOK_SECONDS = 0.2


async def play(
    installation: Installation, saboteur: Saboteur, company: Company, promises: Promises
) -> None:
    """Kill the datacentre that serves the company; its people go on in the other, and later at home."""
    failover = Failover(installation)
    load = Load(company)
    load.start()
    try:
        await _lost(failover, saboteur, company.home_dc, load.tally, promises)
        await _comes_back(failover, company.home_dc, promises)
        await asyncio.sleep(CALM_SECONDS)
    finally:
        tally = await load.stop()
    await account.settle(company, tally, promises, "dead datacentre")


async def _lost(
    failover: Failover, saboteur: Saboteur, site: str, tally: Tally, promises: Promises
) -> None:
    await asyncio.sleep(CALM_SECONDS)
    try:
        await saboteur.kill_site(site)
        taken = await _taken_over(failover, site)
        await asyncio.sleep(CALM_SECONDS)
    finally:
        await saboteur.start_site(site)
    promises.check(
        f"{site} is dead, the other one serves its portals",
        f"longest wait {tally.longest_seconds:.2f} s",
        kept=taken and tally.longest_seconds <= TAKEOVER_SECONDS,
    )


async def _comes_back(failover: Failover, site: str, promises: Promises) -> None:
    started = time.monotonic()
    returned = await _until_at_peace(failover)
    seconds = time.monotonic() - started
    promises.check(
        f"{site} caught up, was compared, is back in service", f"{seconds:.1f} s", kept=returned
    )
    outcomes = await asyncio.to_thread(_brought_home, failover, site)
    promises.check(
        "its portals are at home again",
        "; ".join(map(str, outcomes)),
        kept=all(outcome.ending is Ending.DONE for outcome in outcomes),
    )


async def _taken_over(failover: Failover, lost: str) -> bool:
    return await _until(
        failover, lambda pair: lost not in pair.serving.values(), TAKEOVER_SECONDS * 2
    )


async def _until_at_peace(failover: Failover) -> bool:
    return await _until(failover, lambda pair: pair.is_at_peace, RETURN_SECONDS)


async def _until(failover: Failover, holds: Callable[[Pair], bool], seconds: float) -> bool:
    """Look at all pairs until it holds for each; ``False`` if that takes too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(ConsoleError):  # leaders die, too
            if all(map(holds, all_pairs(await asyncio.to_thread(failover.status)))):
                return True
        await asyncio.sleep(LOOK_SECONDS)
    return False


def _brought_home(failover: Failover, site: str) -> list[Outcome]:
    """Switch what was displaced back; the operator's word, so nobody waits ten minutes for it."""
    errand = Errand(failover, Progress())
    pairs = [pair for pair in all_pairs(failover.status()) if site in pair.sites]
    return errand.each(pairs, lambda pair: switch_sides(errand, pair, (site,), site))
