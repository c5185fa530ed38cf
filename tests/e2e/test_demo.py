"""The demo is a test: what it prints to people is what holds."""

import asyncio
import json
import os
import sys
from pathlib import Path

from kernel.settings import Settings

ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 120  # what the README promises


async def test_every_promise_of_the_demo_is_kept(settings: Settings) -> None:
    run = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("portico")),
        "demo",
        "--json",
        cwd=ROOT,
        env=dict(os.environ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(DEADLINE_SECONDS):
        output, errors = await run.communicate()
    assert output, errors.decode()[-3000:]
    broken = [p for p in json.loads(output)["promises"] if not p["kept"]]
    assert (broken, run.returncode) == ([], 0)
