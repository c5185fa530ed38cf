"""Inside the network: brings the cluster up, plays the scenarios one after the other, keeps the results."""

import argparse
import asyncio
import logging
import shutil
import subprocess
import sys
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pymysql

import etcd
from cluster.errors import ClusterError
from kernel.errors import PorticoError
from laboratory import disks, results
from laboratory.catalogue import FULL, Scenario, chosen
from laboratory.control import Control, RefusedError
from laboratory.databases import Databases
from laboratory.door import Door, Portal
from laboratory.errors import LaboratoryError
from laboratory.history import History
from laboratory.machine import Machine
from laboratory.portals import sign_up_many
from laboratory.results import Result
from laboratory.scene import Scene
from laboratory.workloads.bank import Bank
from testkit import features

PORTALS = 6
UP_SECONDS = 240
BREAKS = (
    *(LaboratoryError, RefusedError, ClusterError, PorticoError),
    *(TimeoutError, aiohttp.ClientError, etcd.EtcdError, pymysql.Error),
)
"""What a broken cluster may do to a scenario; anything else is a defect of the laboratory."""


def main() -> int:
    """Play; 0 if every promise was kept, 1 if not, 2 if the laboratory itself failed."""
    arguments = _arguments()
    machine = Machine(arguments.settings)
    runs = machine.settings.var / "runs"
    folder = runs / datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    try:
        scenarios = chosen(arguments.profile, arguments.only)
    except KeyError as error:
        print(f"portico: no scenario {error}; `python -m laboratory list` shows them")
        return 2
    _bring_up(machine)
    folder.mkdir(parents=True)
    logging.basicConfig(filename=folder / "laboratory.log", level=logging.INFO)
    played = asyncio.run(_play(machine, scenarios, arguments, folder))
    for result in played:
        results.show(result)
    print(f"\nhistories: {folder}")
    return 0 if all(result.is_kept for result in played) else 1


def _bring_up(machine: Machine) -> None:
    """Start a fresh cluster on fresh disks; durable as in production, since fsync costs nothing there."""
    for path in machine.settings.var.iterdir() if machine.settings.var.exists() else ():
        if path.is_file():
            path.unlink()
        elif path.name != "runs":
            shutil.rmtree(path)
    for site in machine.settings.datacentres:
        disks.mount(machine.layout, site)
    words = ("-m", "cluster", "up", "--settings", str(machine.layout.file))
    subprocess.run((sys.executable, *words), check=True, timeout=UP_SECONDS)
    Databases(machine.layout).make_tables(machine.settings.datacentres[0])


async def _play(
    machine: Machine, scenarios: list[Scenario], arguments: argparse.Namespace, folder: Path
) -> list[Result]:
    async with AsyncExitStack() as stack:
        control = await stack.enter_async_context(Control.open(machine.settings))
        door = await stack.enter_async_context(Door.open(machine.settings))
        portals = await _portals(machine, folder)
        played = []
        for scenario in scenarios:
            result = _begun(scenario, arguments)
            scene = Scene(
                machine,
                control,
                door,
                Databases(machine.layout),
                portals,
                folder,
                arguments.seed,
                result,
            )
            await _one(scene, scenario, arguments.profile)
            results.append(machine.settings.var / "runs" / "results.jsonl", result)
            if rows := scenario.shows.get(arguments.profile):
                features.note_scenario(scenario.name, features.Result(result.is_kept, rows))
            results.show(result)
            played.append(result)
    return played


async def _portals(machine: Machine, folder: Path) -> list[Portal]:
    portals = await sign_up_many(machine.settings, PORTALS)
    history = History.begin(folder / "accounts.jsonl")
    async with Bank.open(machine.settings, portals, history, seed=0) as bank:
        await bank.open_accounts()
    history.close()
    return portals


async def _one(scene: Scene, scenario: Scenario, profile: str) -> None:
    """Play one scenario; what breaks it off is part of its result."""
    begun = time.monotonic()
    print(f"\n{scenario.test}. {scenario.title}", flush=True)
    try:
        sizes = scenario.sizes.get(profile, scenario.sizes[FULL])
        await scenario.play(scene, **sizes)
    except BREAKS as error:
        scene.result.error = f"{type(error).__name__}: {error}"
    scene.result.seconds = time.monotonic() - begun


def _begun(scenario: Scenario, arguments: argparse.Namespace) -> Result:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    about = (scenario.test, scenario.name, scenario.title, arguments.profile)
    return Result(*about, seed=arguments.seed, started_at=now)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", type=Path, required=True)
    parser.add_argument("--profile", required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--seed", type=int, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
