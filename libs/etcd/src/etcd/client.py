"""The client: each verb of etcd that Portico needs, one method each."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import aiohttp

from etcd.errors import EtcdRefusedError, LeaseGoneError
from etcd.maintenance import MemberStatus
from etcd.members import Members
from etcd.records import (
    NO_LEASE,
    Compare,
    Delete,
    Get,
    KeyValue,
    Lease,
    Op,
    Page,
    Put,
    Span,
    TxnResult,
    WatchBatch,
    Wire,
    op_to_wire,
)
from etcd.watch import open_watch

PAGE_KEYS = 1000
CONNECTIONS = 64
_NOT_FOUND = 5


@asynccontextmanager
async def connect(urls: Sequence[str]) -> AsyncIterator["Client"]:
    """Open a client of the cluster whose members serve at ``urls``; nothing is sent yet."""
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector) as session:
        yield Client(Members(session, urls))


class Client:
    """Every call ends within two seconds, with an answer or a typed error."""

    def __init__(self, members: Members) -> None:
        self._members = members

    async def find(self, key: str, *, serializable: bool = False) -> KeyValue | None:
        """Return one key, or ``None``.

        A ``serializable`` read is answered by one member from what it has, without a majority: it
        works while etcd has lost its quorum, and may be old.
        """
        page = await self.range(Span(key), serializable=serializable)
        return page.kvs[0] if page.kvs else None

    async def range(
        self, span: Span, *, limit: int = 0, revision: int = 0, serializable: bool = False
    ) -> Page:
        """Return the keys of a span in their order, now or as they stood at ``revision``."""
        body = {
            **Get(span, limit).to_wire(),
            "revision": str(revision),
            "serializable": serializable,
        }
        answer = await self._members.read("kv/range", body, needs_leader=not serializable)
        return Page.from_wire(answer, answer["header"])

    async def pages(self, span: Span, *, limit: int = PAGE_KEYS) -> AsyncIterator[Page]:
        """Yield a span of any size in pages that all show the same revision.

        Raises ``CompactedError`` if reading takes so long that the revision is dropped meanwhile.
        """
        page = await self.range(span, limit=limit)
        revision = page.revision
        yield page
        while page.more:
            span = span.after(page.kvs[-1].key)
            page = await self.range(span, limit=limit, revision=revision)
            yield page

    async def put(self, key: str, value: bytes, lease: Lease = NO_LEASE) -> int:
        """Write a key whatever it holds, and return the revision."""
        return _revision(await self._members.write("kv/put", Put(key, value, lease).to_wire()))

    async def delete(self, span: Span) -> int:
        """Remove the keys of a span, and return how many there were."""
        answer = await self._members.write("kv/deleterange", Delete(span).to_wire())
        return int(answer.get("deleted", 0))

    async def txn(
        self, compares: Sequence[Compare], success: Sequence[Op], failure: Sequence[Op] = ()
    ) -> TxnResult:
        """Do ``success`` if every comparison holds, else ``failure``; at most 128 operations."""
        body: Wire = {
            "compare": [c.to_wire() for c in compares],
            "success": [op_to_wire(op) for op in success],
            "failure": [op_to_wire(op) for op in failure],
        }
        return TxnResult.from_wire(await self._members.write("kv/txn", body))

    async def grant(self, ttl_seconds: int) -> Lease:
        """Return a new lease; keys put under it vanish when it is not kept alive."""
        answer = await self._members.write("lease/grant", {"TTL": str(ttl_seconds)})
        return Lease(int(answer["ID"]))

    async def keep_alive(self, lease: Lease) -> int:
        """Renew a lease once, and return its seconds; ``LeaseGoneError`` if there is none."""
        answer = await self._members.read("lease/keepalive", {"ID": str(lease)})
        ttl = int(answer["result"].get("TTL", 0))
        if ttl <= 0:
            raise LeaseGoneError(f"lease {lease} expired")
        return ttl

    async def revoke(self, lease: Lease) -> None:
        """End a lease and remove its keys; one that is gone already is no error."""
        try:
            await self._members.write("lease/revoke", {"ID": str(lease)})
        except EtcdRefusedError as error:
            if error.code != _NOT_FOUND:
                raise

    async def status(self, url: str) -> MemberStatus:
        """Ask one member, and no other, who it is and whom it follows."""
        return MemberStatus.from_wire(await self._members.ask(url, "maintenance/status", {}))

    async def move_leader(self, url: str, member: str) -> None:
        """Let the leader, which serves at ``url``, hand the lead to another member."""
        await self._members.ask(url, "maintenance/transfer-leadership", {"targetID": member})

    def watch(
        self, span: Span, revision: int
    ) -> AbstractAsyncContextManager[AsyncIterator[WatchBatch]]:
        """Open the changes of a span from ``revision`` on, that one included.

        ``async with client.watch(span, revision) as batches: async for batch in batches: ...``
        """
        return open_watch(self._members, span, revision)


def _revision(answer: Wire) -> int:
    return int(answer["header"]["revision"])
