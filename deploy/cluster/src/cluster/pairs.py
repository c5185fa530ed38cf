"""The record of each pair in etcd: made once, here; from then on it belongs to the control plane."""

import asyncio
from collections.abc import Mapping
from typing import Any

import etcd
from cluster.errors import ClusterError
from cluster.layout import Layout
from etcd import documents
from kernel.settings import Pair

Record = Mapping[str, Any]


def find(layout: Layout, pair: Pair) -> Record | None:
    """Return the record of the pair, or ``None`` if it has none yet."""
    return asyncio.run(_find(layout, pair))


def create(layout: Layout, pair: Pair) -> None:
    """Write the first record unless there is one."""
    asyncio.run(_create(layout, pair))


def first_record(pair: Pair) -> Record:
    """Return what a new pair begins with: each side serves its own, a lone master is SOLO by choice."""
    alone = len(pair.sites) == 1
    return {
        "id": pair.id,
        "mode": "SOLO" if alone else "SYNC",
        "solo": pair.sites[0] if alone else None,
        "term": 1,
        "serving": {site: site for site in pair.sites},
    }


def unrest(record: Record) -> str:
    """Say what a pair of two lacks to be in order; nothing if nothing."""
    if away := record.get("away"):
        return f"pair {record['id']}: {away} is out of service"
    return "" if record["mode"] == "SYNC" else f"pair {record['id']} is {record['mode']}"


async def _find(layout: Layout, pair: Pair) -> Record | None:
    try:
        async with etcd.connect(layout.settings.etcd_urls) as client:
            record = await documents.find(client, _key(pair))
    except etcd.EtcdError as error:
        raise ClusterError(f"etcd does not tell of pair {pair.id}: {error}") from error
    return None if record is None else record.content


async def _create(layout: Layout, pair: Pair) -> None:
    try:
        async with etcd.connect(layout.settings.etcd_urls) as client:
            await documents.create(client, _key(pair), first_record(pair))
    except etcd.EtcdError as error:
        raise ClusterError(f"etcd does not take the record of pair {pair.id}: {error}") from error


def _key(pair: Pair) -> str:
    return f"pair/{pair.id}"
