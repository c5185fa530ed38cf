"""The self-hosted box: the same code as one node of each, without a second datacentre."""

import asyncio
import hashlib
import re
import secrets
from collections.abc import Iterator

import pytest

from console import status
from console.installation import Installation
from kernel.settings import Settings
from testkit import cluster
from testkit.portals import sign_up

BOX = cluster.ROOT / "tests" / "portico.box.toml"
HEALTHY_SECONDS = 30
# what only two datacentres need: somebody to decide which of them serves, a door in front of both
ONLY_OF_TWO = {"failover", "door"}


@pytest.fixture(scope="module")
def box() -> Iterator[Settings]:
    """A box of the test's own, unless one runs already."""
    with cluster.running(BOX) as settings:
        yield settings


@pytest.mark.timeout(240)
@pytest.mark.feature("ARCH-50")
async def test_a_company_works_on_a_box_of_one_node_of_each(
    settings: Settings, box: Settings
) -> None:
    whole, alone = await _status(settings), await _all_healthy(box)
    names = [p.name for p in alone.processes]
    assert {p.dc for p in alone.processes} == {box.datacentres[0].name}
    assert len(set(names)) == len(names), "one of each"
    assert _kinds(whole) - _kinds(alone) <= ONLY_OF_TWO
    assert _kinds(alone) <= _kinds(whole), "nothing that was made for the box"
    assert [pair["mode"] for pair in alone.pairs] == ["SOLO"]

    portal = await sign_up(box)
    async with portal.client as client:
        made = (await client.post("/api/v1/crm/leads", json={"title": "Лид"})).json()
        content = secrets.token_bytes(300_000)
        file = (await client.post("/api/v1/drive/files?name=a.bin", content=content)).json()

        lead = await client.get(f"/api/v1/crm/leads/{made['id']}")
        downloaded = await client.get(f"/api/v1/drive/files/{file['id']}/content")
        changes = (await client.get("/api/v1/changes")).json()["items"]

    assert lead.json() == made
    assert downloaded.content == content
    assert file["sha256"] == hashlib.sha256(content).hexdigest()
    assert {c["entity"] for c in changes} >= {"user", "lead", "file"}


async def _all_healthy(box: Settings) -> status.Status:
    """Return the box's status once nothing of it is ill: a probe may come when the machine is busy."""
    async with asyncio.timeout(HEALTHY_SECONDS):
        while True:
            seen = await _status(box)
            if all(p.healthy for p in seen.processes):
                return seen
            await asyncio.sleep(0.5)


async def _status(installation: Settings) -> status.Status:
    return await asyncio.to_thread(status.read, Installation(installation))


def _kinds(seen: status.Status) -> set[str]:
    return {re.sub(r"-\d+$", "", process.name) for process in seen.processes}
