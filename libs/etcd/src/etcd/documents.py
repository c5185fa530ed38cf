"""JSON documents in etcd, changed by compare-and-set."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import orjson

from etcd.client import Client
from etcd.errors import EtcdError
from etcd.records import KeyValue, Put, absent, unchanged

ATTEMPTS = 5

Json = Mapping[str, Any]


class ContendedError(EtcdError):
    """Others changed the document at each attempt; nothing of ours was written."""


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON object as it stood at ``revision``."""

    key: str
    content: Json
    revision: int

    @classmethod
    def of(cls, kv: KeyValue) -> Self:
        """Read a key whose value is a JSON object."""
        return cls(kv.key, orjson.loads(kv.value), kv.mod_revision)


async def find(client: Client, key: str) -> Document | None:
    """Return the document, or ``None``."""
    kv = await client.find(key)
    return None if kv is None else Document.of(kv)


async def create(client: Client, key: str, content: Json) -> bool:
    """Write the document unless the key exists; ``False`` if it does."""
    result = await client.txn([absent(key)], [Put(key, orjson.dumps(content))])
    return result.succeeded


async def replace(client: Client, read: Document, content: Json) -> Document | None:
    """Write over what was read; ``None``, and nothing written, if somebody was quicker."""
    put = Put(read.key, orjson.dumps(content))
    result = await client.txn([unchanged(read.key, read.revision)], [put])
    return Document(read.key, content, result.revision) if result.succeeded else None


async def change(client: Client, key: str, by: Callable[[Json], Json]) -> Document | None:
    """Apply ``by`` to the document, anew each time that somebody was quicker.

    Returns ``None`` if there is no document. ``by`` must be pure: it may run several times. Raises
    ``ContendedError`` after a few rounds, and passes ``OutcomeUnknownError`` on: whether to apply the
    change a second time only the caller can tell.
    """
    for _ in range(ATTEMPTS):
        read = await find(client, key)
        if read is None:
            return None
        written = await replace(client, read, by(read.content))
        if written is not None:
            return written
    raise ContendedError(f"{key}: changed by others at each of {ATTEMPTS} attempts")
