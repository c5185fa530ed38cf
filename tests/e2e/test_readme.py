"""The first five minutes of the README work as they are written."""

import asyncio
import re
import secrets

import pytest

from kernel.settings import Settings
from testkit.checkout import ROOT
from testkit.harm import Harm

README = ROOT / "README.md"
DEADLINE_SECONDS = 90


def five_minutes() -> str:
    found = re.search(
        r"^```sh\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert found
    return found[1]


@pytest.mark.cluster
async def test_the_first_five_minutes_work_as_written(settings: Settings, harm: Harm) -> None:
    host = f"acme-{secrets.token_hex(6)}"  # someone may have read the README here before
    script = five_minutes().replace('"host": "acme"', f'"host": "{host}"')
    script = script.replace("http://acme.", f"http://{host}.")
    # the same commands at the door of the installation under test; an HTTP error ends the script, but
    # what a busy machine did not finish is asked again, and done once
    door = f"{settings.door.address}:{settings.door.http}"
    wrapped = f"""set -eu -o pipefail
curl() {{
    key=$(cat /proc/sys/kernel/random/uuid)
    command curl --fail --retry 5 -H "Idempotency-Key: $key" --connect-to ::{door} "$@"
    echo >&2
}}
"""

    run = await asyncio.create_subprocess_exec(
        *("bash", "-c", wrapped + script),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(DEADLINE_SECONDS):
        output = (await run.communicate())[0].decode()

    assert run.returncode == 0, output
    assert '"created":1000' in output
    assert '"role":"admin"' in output
    # a probe of a process that did not get to run in time says that it is ill
    healthy = re.search(r"processes (\d+) of (\d+) healthy", output)
    assert healthy, output
    if healthy[1] != healthy[2]:
        await harm.until_all_healthy()
