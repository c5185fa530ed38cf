"""The first record of each pair in etcd; from then on it belongs to the control plane."""

from collections.abc import Mapping
from typing import Any

import etcd
from cluster.errors import ClusterError
from cluster.layout import Layout
from etcd import documents
from kernel.settings import Pair


async def find_mode(layout: Layout, pair: Pair) -> str | None:
    """Return the mode the pair is in, or ``None`` if it has no record yet."""
    try:
        async with etcd.connect(layout.settings.etcd_urls) as client:
            record = await documents.find(client, _key(pair))
    except etcd.EtcdError as error:
        raise ClusterError(f"etcd does not tell of pair {pair.id}: {error}") from error
    return None if record is None else str(record.content["mode"])


async def create(layout: Layout, pair: Pair) -> None:
    """Write the first record unless there is one."""
    try:
        async with etcd.connect(layout.settings.etcd_urls) as client:
            await documents.create(client, _key(pair), first_record(pair))
    except etcd.EtcdError as error:
        raise ClusterError(f"etcd does not take the record of pair {pair.id}: {error}") from error


def first_record(pair: Pair) -> Mapping[str, Any]:
    """Return what a new pair begins with: each side serves its own, a lone master is SOLO by choice."""
    alone = len(pair.sites) == 1
    return {
        "id": pair.id,
        "mode": "SOLO" if alone else "SYNC",
        "solo": pair.sites[0] if alone else None,
        "term": 1,
        "serving": {site: site for site in pair.sites},
    }


def _key(pair: Pair) -> str:
    return f"pair/{pair.id}"
