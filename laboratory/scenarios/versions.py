"""Test 10: the database of each datacentre is replaced in turn, under load.

This machine has one build of MariaDB. So the same build comes back with other formats on its disk: a
redo log of another size, strict page checksums, and binary logs with full metadata.
"""

import asyncio

from kernel.settings import Site
from laboratory.control import Json
from laboratory.scenarios.measuring import calm
from laboratory.scenarios.switches import Span, switch_side
from laboratory.scene import Scene, Trial

OTHER = """
# the laboratory's other version
innodb-log-file-size = 64M
binlog-row-metadata = FULL
innodb-checksum-algorithm = strict_full_crc32
"""
STEP_SECONDS = 120.0


async def drill(scene: Scene) -> None:
    """Suspend, replace, resume, on each side."""
    await calm(scene)
    first, second = scene.machine.settings.datacentres
    async with scene.trial("drill") as trial:
        await asyncio.sleep(2)
        spans = await _replaced(scene, trial, first, second)
        spans += await _replaced(scene, trial, second, first)
    for site in (first, second):
        (row,) = scene.databases.ask(site, "SELECT @@binlog_row_metadata AS it")
        scene.row(
            f"{site.name} runs with the other formats",
            row["it"],
            "FULL",
            is_kept=row["it"] == "FULL",
        )
    scene.row("requests", str(trial.latency()))
    freeze = trial.latency(spans).max
    scene.time(
        f"freeze of a portal, longest request during {len(spans)} switches",
        f"{freeze:.2f} s",
        "<= 1 s",
        is_kept=freeze <= 1,
    )
    trial.report(await trial.judge())


def _is_suspended(pair: Json, site: Site) -> bool:
    """Tell what `portico dc suspend` waits for: a server that still waits for its peer hangs as it ends."""
    databases = [seen["database"] for seen in pair["sites"].values()]
    return bool(pair["away"] == site.name and pair["parked"]) and not any(
        own is None or own["receiver_runs"] or own["waits_for_peer"] for own in databases
    )


async def _replaced(scene: Scene, trial: Trial, site: Site, peer: Site) -> list[Span]:
    """Replace one side's database while the other serves all; return when portals were switched."""
    control, name = scene.control, f"{site.name}:mariadb"
    trial.history.note("suspend", site=site.name)
    out = await switch_side(scene, site.name, peer.name)
    await control.demand(
        "/v1/pairs/1/suspend", site=site.name, term=(await control.pair())["term"], dry_run=False
    )
    await control.until(lambda p: _is_suspended(p, site), "suspended", STEP_SECONDS)
    await scene.machine.stop([name])
    config = scene.machine.layout.config(site.name, "my.cnf")
    config.write_text(config.read_text() + OTHER)
    await scene.machine.start([name])
    trial.history.note("resume", site=site.name)
    await control.demand(
        "/v1/pairs/1/resume", site=site.name, term=(await control.pair())["term"], dry_run=False
    )
    await control.until_peace(STEP_SECONDS, at_home=False)
    home = await switch_side(scene, site.name, site.name)
    await control.until_peace(STEP_SECONDS)
    return [out, home]
