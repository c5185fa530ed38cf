"""Keeps etcd's own leader at the witness, so that losing a datacentre costs no election of etcd."""

import asyncio
import logging

import etcd

PERIOD_SECONDS = 5.0
NEAR_ENTRIES = 1000
"""A member that has just come back and still lacks a lot must not lead."""
_log = logging.getLogger(__name__)


class Seat:
    """Runs at every site; only where the leader sits, and should not, does it do anything."""

    def __init__(self, client: etcd.Client, own_url: str, witness_url: str) -> None:
        self._client = client
        self._own_url = own_url
        self._witness_url = witness_url

    async def run(self) -> None:
        """Look now and then, for ever."""
        while True:
            await asyncio.sleep(PERIOD_SECONDS)
            try:
                await self.offer()
            except etcd.EtcdError as error:
                _log.info("the seat of etcd's leader is unknown", extra={"reason": str(error)})

    async def offer(self) -> bool:
        """Hand the lead of etcd to the witness' member if the own one has it; tell whether."""
        own = await self._client.status(self._own_url)
        if not own.leads:
            return False
        witness = await self._client.status(self._witness_url)
        if (
            witness.leads
            or witness.leader != own.member
            or own.index - witness.index > NEAR_ENTRIES
        ):
            return False
        await self._client.move_leader(self._own_url, witness.member)
        _log.info("etcd is led from the witness again")
        return True
