"""Who leads: a key under a lease. Leading protects nothing by itself; it saves controllers from arguing.

Whoever changes a record compares the leader's key in the same transaction. How long leadership lasts is
counted from before its renewal was sent, by the own monotonic clock: never longer than etcd thinks.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress

import orjson

import etcd
from etcd import Lease, Put, absent
from failover.control import keys
from failover.control.sight import Sight
from failover.control.waking import Wake

LEASE_SECONDS = 3
RENEW_SECONDS = 0.7
WITNESS_FIRST_SECONDS = 1.0
"""A datacentre leaves so much time to the witness, whose death takes no database with it."""
RESIGNED_SECONDS = 10.0
"""Who resigned does not campaign for so long."""
_log = logging.getLogger(__name__)


class Election:
    """One candidate."""

    def __init__(
        self,
        client: etcd.Client,
        sight: Sight,
        url: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.wake = Wake()
        self.revision = 0
        """Of the leader's key while this process leads: what each change compares."""
        self._client = client
        self._sight = sight
        self._value = orjson.dumps({"site": sight.site, "url": url})
        self._clock = clock
        self._lease: Lease | None = None
        self._leads_until = 0.0
        self._not_before = 0.0
        self._is_candidate = sight.site == sight.witness

    @property
    def leads_seconds(self) -> float:
        """What is left of the leadership; 0 if another leads."""
        return max(0.0, self._leads_until - self._clock())

    def hear(self, key: str) -> None:
        """Somebody became leader, or is it no longer."""
        if key == keys.LEADER:
            self.wake.ring()

    async def run(self) -> None:
        """Campaign and renew, for ever."""
        while True:
            try:
                pause = await self._turn()
            except etcd.EtcdError as error:
                _log.warning("election: etcd does not answer", extra={"reason": str(error)})
                pause = RENEW_SECONDS / 2
            await self.wake.sleep(pause)

    async def resign(self) -> None:
        """Give up leadership at once, and leave it to others for a while."""
        self._not_before = self._clock() + RESIGNED_SECONDS
        lease = self._forget()
        if lease is not None:
            with suppress(etcd.EtcdError):  # then the lease runs out
                await self._client.revoke(lease)

    async def _turn(self) -> float:
        """Renew, or campaign if nobody leads; return how long to sleep."""
        if self._lease is not None:
            return await self._renew(self._lease)
        look = await self._sight.look()
        if look.leader is not None:
            self._is_candidate = self._sight.site == self._sight.witness
            return RENEW_SECONDS
        if self._clock() < self._not_before:
            return RENEW_SECONDS
        if not self._is_candidate:
            self._is_candidate = True
            await asyncio.sleep(WITNESS_FIRST_SECONDS)
            return 0.0
        await self._campaign()
        return RENEW_SECONDS

    async def _renew(self, lease: Lease) -> float:
        sent_at = self._clock()
        try:
            await self._client.keep_alive(lease)
        except etcd.LeaseGoneError:
            self._forget()
            _log.warning("leadership lost")
            return 0.0
        if self._lease == lease:  # it may have been given up meanwhile
            self._leads_until = sent_at + LEASE_SECONDS
        return RENEW_SECONDS

    async def _campaign(self) -> None:
        sent_at = self._clock()
        lease = await self._client.grant(LEASE_SECONDS)
        try:
            won = await self._client.txn(
                [absent(keys.LEADER)], [Put(keys.LEADER, self._value, lease)]
            )
        except etcd.EtcdError:
            await self._give_back(lease)
            raise
        if not won.succeeded:
            await self._give_back(lease)
            return
        self._lease, self.revision = lease, won.revision
        self._leads_until = sent_at + LEASE_SECONDS
        _log.info("this controller leads now")

    async def _give_back(self, lease: Lease) -> None:
        with suppress(etcd.EtcdError):  # then it runs out
            await self._client.revoke(lease)

    def _forget(self) -> Lease | None:
        lease, self._lease, self._leads_until, self.revision = self._lease, None, 0.0, 0
        return lease
