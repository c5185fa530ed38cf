"""A portal that is served elsewhere from now on goes on telling where it stopped."""

import asyncio
import secrets
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from kernel.settings import Settings
from testkit.portals import TestPortal

from .receivers import Receiver
from .test_events import LEADS, handled, lead

PORTICO = Path(sys.executable).with_name("portico")


async def switched(portal: TestPortal, target: str) -> None:
    done = await asyncio.to_thread(
        subprocess.run,
        [str(PORTICO), "switch", "portal", str(portal.id), "--to", target],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


async def test_events_before_during_and_after_a_switch_all_arrive_in_order(
    settings: Settings, portal: TestPortal, receiver: Receiver
) -> None:
    if len(settings.datacentres) < 2:
        pytest.skip("there is nowhere to go")
    (target,) = {site.name for site in settings.datacentres} - {portal.home_dc}
    await handled(portal, receiver)
    made = [await lead(portal, f"before {n}") for n in range(5)]
    during = asyncio.create_task(_leads(portal, 30))
    await switched(portal, target)
    made += await during
    made += [await lead(portal, f"after {n}") for n in range(5)]
    await receiver.until(lambda: len(receiver.of_leads()) == len(made), 90)
    assert set(receiver.of_leads()) == set(made)
    await switched(portal, portal.home_dc)
    made.append(await lead(portal, "at home again"))
    await receiver.until(lambda: len(receiver.of_leads()) == len(made), 90)


async def _leads(portal: TestPortal, count: int) -> list[int]:
    return [await _surely(portal, f"during {n}") for n in range(count)]


async def _surely(portal: TestPortal, title: str) -> int:
    """Make a lead as a careful client does: what may have been done is asked again, and done once."""
    key = {"Idempotency-Key": secrets.token_hex(16)}
    async with asyncio.timeout(60):
        while True:
            made = await portal.client.post(LEADS, json={"title": title}, headers=key)
            if made.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                assert made.status_code == httpx.codes.CREATED, made.text
                return int(made.json()["id"])
            await asyncio.sleep(0.2)
