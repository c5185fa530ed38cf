"""How an agent's report gets into etcd: under a lease, at once when it matters, else now and then.

Positions change with every commit. To write each of them would make etcd as busy as the databases.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace

import orjson

import etcd
from etcd import Lease, Put
from failover.control.reports import Account, account_to_json
from failover.state import Database

LEASE_SECONDS = 3
RENEW_SECONDS = 1.0
QUIET_SECONDS = 0.5
"""Nothing happens."""
BUSY_SECONDS = 0.2
"""Only positions change."""
TROUBLE_SECONDS = 0.09
"""Somebody is out of sight: for how long decides what happens."""
_log = logging.getLogger(__name__)


class Publication:
    """One key of one agent."""

    def __init__(
        self, client: etcd.Client, key: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._key = key
        self._clock = clock
        self._lease: Lease | None = None
        self._last: Account | None = None
        self._last_at = 0.0

    async def run(self) -> None:
        """Keep the lease alive as long as this process runs."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            if self._lease is not None:
                await self._renew(self._lease)

    async def put(self, account: Account, *, hurries: bool) -> Put | None:
        """Return the operation that publishes the account; ``None`` if that can wait."""
        now = self._clock()
        if self._last is not None and not is_due(
            self._last, account, now - self._last_at, hurries=hurries
        ):
            return None
        if self._lease is None:
            self._lease = await self._client.grant(LEASE_SECONDS)
        self._last, self._last_at = account, now
        return Put(self._key, orjson.dumps(account_to_json(account)), self._lease)

    def lose(self) -> None:
        """It could not be written, perhaps for want of a lease: begin anew."""
        self._lease = self._last = None

    async def _renew(self, lease: Lease) -> None:
        try:
            await self._client.keep_alive(lease)
        except etcd.LeaseGoneError:
            self.lose()
        except etcd.EtcdError as error:
            _log.warning("report: lease not renewed", extra={"reason": str(error)})


def is_due(last: Account, account: Account, seconds: float, *, hurries: bool) -> bool:
    """Tell whether an account must be written so long after the last one."""
    if seconds >= QUIET_SECONDS or essence(account) != essence(last):
        return True
    if has_trouble(account) and seconds >= TROUBLE_SECONDS:
        return True
    is_moving = positions(account) != positions(last)
    return is_moving and (hurries or seconds >= BUSY_SECONDS)


def essence(account: Account) -> tuple[object, ...]:
    """Return what others act upon at once: all but clocks and positions."""
    unseen = {site: seconds > 0 for site, seconds in account.report.unseen_seconds.items()}
    return _without_flow(account.report.database), unseen


def has_trouble(account: Account) -> bool:
    """Tell whether a database is out of sight."""
    own = account.report.database
    is_silent = own is not None and own.receiver_runs and own.receiver_silent_seconds > 0
    return is_silent or any(account.report.unseen_seconds.values())


def positions(account: Account) -> tuple[object, ...]:
    """Return how far the database is."""
    own = account.report.database
    return () if own is None else (own.received, own.applied, own.logged)


def _without_flow(own: Database | None) -> Database | None:
    if own is None:
        return None
    return replace(
        own,
        receiver_silent_seconds=float(own.receiver_silent_seconds > 0),
        receiver_heard_seconds=0.0,
        received={},
        applied={},
        logged={},
        waiting_commits=0,
        lag_seconds=0.0,
    )
