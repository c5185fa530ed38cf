"""Portals that are only a route and a fence: to see whether a switch grows with their number."""

import asyncio
import json
from datetime import UTC, datetime

import etcd
from etcd import Put
from kernel.ids import new_portal_id
from kernel.settings import Settings
from laboratory.databases import Databases

AT_ONCE = 50
EPOCH = 1


async def add(settings: Settings, databases: Databases, count: int) -> None:
    """Make so many, in turn at home in each datacentre, as a signup would leave them."""
    homes = [site.name for site in settings.datacentres]
    made = [(new_portal_id(), homes[number % len(homes)]) for number in range(count)]
    rows = [(f"portal/{portal}", EPOCH) for portal, _ in made]
    for site in settings.datacentres:
        await asyncio.to_thread(databases.open_fences, site, rows)
    async with etcd.connect(settings.etcd_urls) as client:
        for first in range(0, count, AT_ONCE):
            puts = [
                put for portal, home in made[first : first + AT_ONCE] for put in _puts(portal, home)
            ]
            await client.txn([], puts)


def _puts(portal: int, home: str) -> tuple[Put, Put]:
    host = f"bare{portal}"
    record = {
        "id": str(portal),
        "host": host,
        "pair": 1,
        "home": home,
        "epoch": EPOCH,
        "state": "active",
        "created_at": datetime.now(UTC).isoformat(),
    }
    claim = {"portal": str(portal), "state": "active"}
    return (
        Put(f"portal/{portal}", json.dumps(record).encode()),
        Put(f"host/{host}", json.dumps(claim).encode()),
    )
