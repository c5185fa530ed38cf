"""Documents of the directory in etcd; its failures become those of this service."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import orjson

import etcd
from etcd import Compare, Lease, Op, Page, Span, TxnResult, documents
from etcd.documents import Document
from routing.errors import DirectoryUnavailableError, WriteOutcomeUnknownError

ELECTION_SECONDS = 1.0  # what a client should wait before it tries again


class Store:
    """Reads are linearizable; a transaction happens as a whole or not at all, or says it is unknown."""

    def __init__(self, client: etcd.Client) -> None:
        self._client = client

    async def find(self, key: str) -> Document | None:
        """Return a document as it is now, or ``None``."""
        with _failures():
            return await documents.find(self._client, key)

    async def page(self, span: Span, limit: int) -> Page:
        """Return the first keys of a span."""
        with _failures():
            return await self._client.range(span, limit=limit)

    async def create(self, key: str, content: documents.Json) -> bool:
        """Write a document unless the key exists."""
        with _failures():
            return await documents.create(self._client, key, content)

    async def replace(self, read: Document, content: documents.Json) -> Document | None:
        """Write over what was read; ``None`` if somebody was quicker."""
        with _failures():
            return await documents.replace(self._client, read, content)

    async def txn(
        self, compares: Sequence[Compare], success: Sequence[Op], failure: Sequence[Op] = ()
    ) -> TxnResult:
        """Do ``success`` if every comparison holds, else ``failure``."""
        with _failures():
            return await self._client.txn(compares, success, failure)

    async def grant(self, seconds: int) -> Lease:
        """Return a new lease."""
        with _failures():
            return await self._client.grant(seconds)

    async def keep(self, key: str, content: documents.Json, lease: Lease) -> None:
        """Write a document under the lease, somebody may wait for it, and renew that.

        ``etcd.EtcdRefusedError`` or ``etcd.LeaseGoneError`` if it has expired.
        """
        with _failures():
            await self._client.put(key, orjson.dumps(content), lease)
            await self._client.keep_alive(lease)

    async def remove(self, key: str) -> None:
        """Remove a document, if there is one."""
        with _failures():
            await self._client.delete(Span(key))


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except etcd.EtcdUnavailableError as error:
        raise DirectoryUnavailableError(retry_after=ELECTION_SECONDS) from error
    except etcd.OutcomeUnknownError as error:
        raise WriteOutcomeUnknownError(retry_after=ELECTION_SECONDS) from error
