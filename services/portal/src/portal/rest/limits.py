"""What a portal's plan allows to integrations: how many requests, and how much work of each method.

Requests: a leaky bucket per portal and client address. Work: the time a method has run for one webhook
within ten minutes, in ten baskets of a minute. Both are counted for all web nodes of the datacentre in
memcached, one trip per request; this node's own count stands in where that fails, and is never less.
"""

import asyncio
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import orjson
from cachetools import LRUCache

from cache import Cache
from kernel import gcra
from kernel.ids import PortalId
from portal.rest.envelope import Spent
from portal.rest.method import CallError

Baskets = Mapping[int, int]
"""Microseconds by minute."""
BASKETS, BASKET_SECONDS = 10, 60
MOST_REMEMBERED = 50_000
"""Addresses, and methods of webhooks; whose turn is longest ago goes first."""
SENT_EACH_SECONDS = 1.0
"""What methods have worked is told to the other nodes together: one request says little."""
MOST_UNSENT = 10_000


class QueryLimitError(CallError):
    """Too many requests of this address to this portal; nothing was done."""

    def __init__(self) -> None:
        super().__init__(503, "QUERY_LIMIT_EXCEEDED", "Too many requests")


class OperationTimeError(CallError):
    """The method has used up its time, until the oldest of its minutes is forgotten."""

    def __init__(self) -> None:
        super().__init__(
            429, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit."
        )


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a plan allows; ``None`` is no limit."""

    burst: int | None = None
    per_second: float | None = None
    operating_seconds: int | None = None

    @property
    def rate(self) -> gcra.Rate | None:
        """The bucket."""
        if not (self.burst and self.per_second):
            return None
        return gcra.Rate(self.burst, self.burst / self.per_second)


@dataclass(frozen=True, slots=True)
class Guest:
    """Whose requests are counted together, and whose work."""

    portal: PortalId
    address: str
    leave: str
    """By which webhook, "" if by none that we know."""


class Limits:
    """The counts of this node, in front of those of the datacentre."""

    def __init__(self) -> None:
        self._arrivals: LRUCache[tuple[PortalId, str], float] = LRUCache(MOST_REMEMBERED)
        self._worked: LRUCache[tuple[PortalId, str], Baskets] = LRUCache(MOST_REMEMBERED)
        self._unsent: dict[tuple[PortalId, str, int], int] = {}
        self._sending: asyncio.Task[None] | None = None

    async def admit(
        self, cache: Cache, guest: Guest, allowance: Allowance, methods: Iterable[str] = ()
    ) -> dict[str, Spent]:
        """Count one request, or raise ``QueryLimitError``; return what its methods have used up."""
        is_limited = allowance.operating_seconds is not None
        names = {m: _work_of(guest, m) for m in methods} if is_limited else {}
        if allowance.rate is None and not names:
            return {}
        shared = await self._count(cache, guest, allowance.rate, list(names.values()))
        return {
            method: _spent(self._worked.get((guest.portal, name), {}), _baskets(shared.get(name)))
            for method, name in names.items()
        }

    def note(
        self, cache: Cache, guest: Guest, allowance: Allowance, worked: Mapping[str, float]
    ) -> None:
        """Count the seconds that methods have run; nobody waits for that."""
        if allowance.operating_seconds is None:
            return
        minute = _minute()
        for method, seconds in worked.items():
            key, amount = (guest.portal, _work_of(guest, method)), math.ceil(seconds * 1e6)
            self._worked[key] = _grown(self._worked.get(key, {}), minute, amount)
            told = (*key, minute)
            if told in self._unsent or len(self._unsent) < MOST_UNSENT:
                self._unsent[told] = self._unsent.get(told, 0) + amount
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send(cache))

    async def _send(self, cache: Cache) -> None:
        """Tell the other nodes, in a moment; where that fails only this one knows."""
        await asyncio.sleep(SENT_EACH_SECONDS)
        unsent, self._unsent = self._unsent, {}
        for (portal, name, minute), amount in unsent.items():
            added = partial(_added, minute, amount)
            await cache.change(portal, name, added, BASKETS * BASKET_SECONDS)

    async def _count(
        self, cache: Cache, guest: Guest, rate: gcra.Rate | None, beside: Sequence[str]
    ) -> Mapping[str, bytes]:
        """Take the request into the bucket, if there is one; return the values beside it."""
        now, place = time.time(), (guest.portal, guest.address)
        mine = self._arrivals.get(place, 0.0)
        verdict = gcra.Verdict(0.0, 0.0)

        def judged(known: bytes | None) -> bytes | None:
            nonlocal verdict
            if rate is None:
                return None
            verdict = gcra.judge(rate, max(mine, _number(known)), now)
            return None if verdict.wait_seconds else f"{verdict.arrival_at:.6f}".encode()

        lasting = 1 if rate is None else math.ceil(rate.period_seconds) + 1
        name = f"rest/rate/{guest.address}"
        shared = await cache.change(guest.portal, name, judged, lasting, beside=beside)
        mine = self._arrivals.get(place, 0.0)
        if shared is None and rate is not None:  # we are alone, and another request may have come
            verdict = gcra.judge(rate, mine, now)
        if verdict.wait_seconds:
            raise QueryLimitError
        if rate is not None:
            self._arrivals[place] = max(mine, verdict.arrival_at)
        return shared or {}


def _added(minute: int, amount: int, known: bytes | None) -> bytes:
    grown = _grown(_baskets(known), minute, amount)
    return orjson.dumps(grown, option=orjson.OPT_NON_STR_KEYS)


def nothing_spent(now: float) -> Spent:
    """Return what a method has used up that was not called."""
    return Spent(0.0, (int(now) // BASKET_SECONDS + BASKETS) * BASKET_SECONDS)


def require_time(allowance: Allowance, spent: Spent) -> None:
    """Raise ``OperationTimeError`` if the method has used up its time."""
    limit = allowance.operating_seconds
    if limit is not None and spent.seconds >= limit:
        raise OperationTimeError


def _work_of(guest: Guest, method: str) -> str:
    return f"rest/work/{guest.leave}/{method}"


def _minute() -> int:
    return int(time.time()) // BASKET_SECONDS


def _grown(baskets: Baskets, minute: int, amount: int) -> Baskets:
    """Return the baskets with more in that of a minute, and without those that are forgotten."""
    kept = {at: spent for at, spent in baskets.items() if at > minute - BASKETS}
    return {**kept, minute: kept.get(minute, 0) + amount}


def _spent(mine: Baskets, shared: Baskets) -> Spent:
    """Return what is in the baskets; of each minute the larger count, which holds the other."""
    minute = _minute()
    worked = {
        at: max(mine.get(at, 0), shared.get(at, 0))
        for at in range(minute - BASKETS + 1, minute + 1)
    }
    oldest = min((at for at, amount in worked.items() if amount), default=minute)
    return Spent(sum(worked.values()) / 1e6, (oldest + BASKETS) * BASKET_SECONDS)


def _baskets(value: bytes | None) -> Baskets:
    """Return what is kept; nothing if it is not there, or damaged."""
    try:
        return {int(at): int(spent) for at, spent in orjson.loads(value or b"{}").items()}
    except (ValueError, AttributeError, TypeError):
        return {}


def _number(value: bytes | None) -> float:
    """Return what is kept; nothing if it is not there, or damaged."""
    try:
        number = float(value or 0)
    except ValueError:
        return 0.0
    return number if 0 <= number < 1e18 else 0.0
