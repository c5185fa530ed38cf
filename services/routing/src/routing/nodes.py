"""Which web nodes live, and up to which revision each knows all routes (HA.md §1, promise 7).

``node/<dc>/<node>`` stands under a lease of two seconds. Whoever opens a portal at a new owner waits for
the nodes that stand there; one that died has gone by then. Any routing service may take a confirmation.
"""

from contextlib import suppress

from cachetools import TTLCache

import etcd
from etcd import Lease
from etcd.documents import Json
from routing import keys
from routing.errors import TooManyNodesError
from routing.store import Store

LEASE_SECONDS = 2
MOST_NODES = 1000


class Nodes:
    """Keeps one lease for each node that confirms here, and forgets those whose lease has run out."""

    def __init__(self, store: Store, most: int = MOST_NODES) -> None:
        self._store = store
        self._most = most
        self._leases: TTLCache[str, Lease] = TTLCache(most, LEASE_SECONDS)

    async def confirm(self, dc: str, node: str, revision: int) -> None:
        """Note that the node knows all routes up to ``revision``, and that it lives."""
        key = keys.node_key(dc, node)
        content = {"dc": dc, "node": node, "revision": revision}
        lease = self._leases.get(key)
        if lease is not None:
            with suppress(etcd.LeaseGoneError, etcd.EtcdRefusedError):
                await self._keep(key, content, lease)
                return
        elif len(self._leases) >= self._most:
            raise TooManyNodesError
        await self._keep(key, content, await self._store.grant(LEASE_SECONDS))

    async def withdraw(self, dc: str, node: str) -> None:
        """Forget a node that serves nothing any more."""
        key = keys.node_key(dc, node)
        self._leases.pop(key, None)
        await self._store.remove(key)

    async def _keep(self, key: str, content: Json, lease: Lease) -> None:
        await self._store.keep(key, content, lease)
        self._leases[key] = lease
