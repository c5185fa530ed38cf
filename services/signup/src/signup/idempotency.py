"""``Idempotency-Key`` of a sign-up: the same key gets the same answer for a day.

A record in etcd names the portal that the key stands for; it is written before the claim, so a second
request with the key works for the same portal, and only one of the two can make its claim. The answer
is added as the last step before the portal is published: a record with an answer whose claim is no
longer open tells the truth. Refused sign-ups are not remembered: nothing happened, so a mended one may
follow. The record is sealed, for it holds a token and the digest of a body with a password.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from etcd import Client, Delete, EtcdError, KeyValue, Put, Span, absent, unchanged
from kernel.errors import UnavailableError
from kernel.ids import PortalId
from kernel.sealing import Sealer
from signup.errors import KeyMalformedError, KeyReusedError

HEADER = "Idempotency-Key"
LONGEST = 255
KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Key:
    """A client's key (only where its record is) and the digest of the body it came with."""

    record: str
    digest: str


@dataclass(frozen=True, slots=True)
class Record:
    """What a key stands for; ``answer`` is there once the portal is ready to be published."""

    digest: str
    portal: PortalId
    answer: Mapping[str, Any] | None = None


def key_of(header: str | None, body: Mapping[str, Any]) -> Key | None:
    """Return the request's key, ``None`` if it has none; raises ``KeyMalformedError``."""
    if header is None:
        return None
    if not (1 <= len(header) <= LONGEST and all("!" <= c <= "~" for c in header)):
        raise KeyMalformedError(longest=LONGEST)
    content = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    return Key(
        record=f"idempotency/signup/{hashlib.sha256(header.encode()).hexdigest()}",
        digest=hashlib.sha256(content).hexdigest(),
    )


class Records:
    """The records of all keys. A failure of etcd is an ``UnavailableError``."""

    def __init__(self, etcd: Client, sealer: Sealer) -> None:
        self._etcd = etcd
        self._sealer = sealer

    async def begin(self, key: Key, portal: PortalId) -> tuple[Record, bool]:
        """Return the key's record, and whether it is new, made for ``portal``.

        Raises ``KeyReusedError`` if the record belongs to another body.
        """
        record = await self.find(key.record)
        if record is None:
            record = Record(key.digest, portal)
            if await self._create(key.record, record):
                return record, True
            record = await self.find(key.record)
        if record is None:
            raise UnavailableError  # it came and went between two reads: the client may repeat
        if record.digest != key.digest:
            raise KeyReusedError
        return record, False

    async def find(self, name: str) -> Record | None:
        """Return the record, or ``None``."""
        kv = await self._read(name)
        return None if kv is None else self._opened(kv)

    async def keep(self, name: str, portal: PortalId, answer: Mapping[str, Any]) -> None:
        """Add the answer, if the record still stands for ``portal``."""
        kv, record = await self._read_for(name, portal)
        if kv is not None and record is not None:
            value = self._sealed(name, Record(record.digest, portal, answer))
            await self._replace(kv, Put(name, value, kv.lease))

    async def forget(self, name: str, portal: PortalId) -> None:
        """Remove the record, if it still stands for ``portal``."""
        kv, _ = await self._read_for(name, portal)
        if kv is not None:
            await self._replace(kv, Delete(Span(name)))

    async def _create(self, name: str, record: Record) -> bool:
        try:
            lease = await self._etcd.grant(KEPT_SECONDS)
            put = Put(name, self._sealed(name, record), lease)
            if (await self._etcd.txn([absent(name)], [put])).succeeded:
                return True
            await self._etcd.revoke(lease)
        except EtcdError as error:
            raise UnavailableError from error
        return False

    async def _replace(self, read: KeyValue, op: Put | Delete) -> None:
        try:
            result = await self._etcd.txn([unchanged(read.key, read.mod_revision)], [op])
        except EtcdError as error:
            raise UnavailableError from error
        if not result.succeeded:
            raise UnavailableError  # another request with the key was quicker: look again

    async def _read_for(
        self, name: str, portal: PortalId
    ) -> tuple[KeyValue, Record] | tuple[None, None]:
        kv = await self._read(name)
        record = None if kv is None else self._opened(kv)
        if kv is None or record is None or record.portal != portal:
            return None, None
        return kv, record

    async def _read(self, name: str) -> KeyValue | None:
        try:
            return await self._etcd.find(name)
        except EtcdError as error:
            raise UnavailableError from error

    def _sealed(self, name: str, record: Record) -> bytes:
        content = {
            "digest": record.digest,
            "portal": str(record.portal),
            "answer": record.answer,
        }
        return self._sealer.seal(orjson.dumps(content).decode(), name).encode()

    def _opened(self, kv: KeyValue) -> Record:
        content = orjson.loads(self._sealer.open(kv.value.decode(), kv.key))
        return Record(content["digest"], PortalId(int(content["portal"])), content["answer"])
