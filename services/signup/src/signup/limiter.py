"""Limits sign-ups per client address, strictly over all nodes and datacentres.

Every POST that passes validation counts, whether it makes a portal or not: else taken host names could be
probed without end; one whose counting was not confirmed counts once more. The state lies in etcd under
compare-and-set. When etcd does not answer the sign-up is refused, since it could not claim its host either.
"""

import asyncio
import ipaddress
import math
import time
from weakref import WeakValueDictionary

import orjson

from etcd import Client, EtcdError, Get, KeyValue, Put, Span, absent, unchanged
from kernel.errors import TooManyRequestsError, UnavailableError
from signup import window

ATTEMPTS = 25
PERIOD_SECONDS = 60.0


class Limiter:
    """Admits or refuses, by address."""

    def __init__(self, etcd: Client, *, per_minute: int) -> None:
        self._etcd = etcd
        self._per_minute = per_minute
        # requests from one address to one node queue here instead of fighting over the revision
        self._queues: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def admit(self, address: str) -> None:
        """Count one request, or raise ``TooManyRequestsError``."""
        key = f"limit/signup/{subject(address)}"
        queue = self._queues.setdefault(key, asyncio.Lock())
        async with queue:
            try:
                await self._count(key)
            except EtcdError as error:
                raise UnavailableError from error

    async def _count(self, key: str) -> None:
        read, lease = await self._etcd.find(key), None
        for _ in range(ATTEMPTS):
            now = time.time()
            verdict = window.judge(self._per_minute, PERIOD_SECONDS, _admitted_at(read), now)
            if verdict.wait_seconds:
                raise TooManyRequestsError(retry_after=math.ceil(verdict.wait_seconds))
            # After a period a state says no more than its absence.
            lease = lease or await self._etcd.grant(math.ceil(PERIOD_SECONDS))
            put = Put(key, orjson.dumps({"admitted_at": verdict.admitted_at}), lease)
            expected = unchanged(key, read.mod_revision) if read else absent(key)
            result = await self._etcd.txn([expected], [put], [Get(Span(key))])
            if result.succeeded:
                return
            (page,) = result.reads
            read = page.kvs[0] if page.kvs else None
        raise UnavailableError  # other nodes were quicker each time: the address is very busy


def subject(address: str) -> str:
    """Return what is limited: an IPv4 address, or the /64 network that one IPv6 customer has."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"  # only a broken proxy of ours could send it; all of it shares one limit
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False))


def _admitted_at(read: KeyValue | None) -> list[float]:
    return [] if read is None else list(orjson.loads(read.value)["admitted_at"])
