"""The way of a host that is not in memory: the routing service is asked, once, and not for long."""

import asyncio
import functools
import time

from prometheus_client import Counter

from routes.records import Route
from routes.source import Source, SourceError

MISS_SECONDS = 1.0
UNKNOWN_SECONDS = 1.0
UNKNOWN_HOSTS = 10_000

MISSES = Counter("routes_misses_total", "Hosts not found in memory.", ("outcome",))


class NoAnswerError(Exception):
    """No routing service answered in time."""


class Misses:
    """Asks once for all who want the same host at the same time, and remembers a "no" for a second.

    Anybody can invent host names: the memory is bounded here, and the calls by the connections that
    ``Source`` opens; who waits longer than a second for one of them gets no answer.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._asking: dict[str, asyncio.Task[Route | None]] = {}
        self._unknown_until: dict[str, float] = {}

    async def ask(self, host: str) -> Route | None:
        """Return the route, or ``None`` if there is no such portal; raise ``NoAnswerError``."""
        if self._unknown_until.get(host, 0.0) > time.monotonic():
            MISSES.labels("remembered").inc()
            return None
        task = self._asking.get(host)
        if task is None:
            task = asyncio.create_task(self._ask(host))
            self._asking[host] = task
            task.add_done_callback(functools.partial(self._asked, host))
        # one caller that gives up must not take the answer from the others
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Stop asking."""
        tasks = tuple(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, host: str) -> Route | None:
        try:
            async with asyncio.timeout(MISS_SECONDS):
                route = await self._source.find_route(host)
        except (SourceError, TimeoutError) as error:
            MISSES.labels("unanswered").inc()
            raise NoAnswerError(host) from error
        MISSES.labels("unknown" if route is None else "found").inc()
        if route is None:
            self._remember(host)
        return route

    def _asked(self, host: str, task: asyncio.Task[Route | None]) -> None:
        del self._asking[host]
        if not task.cancelled():
            task.exception()  # seen, even if every caller has given up

    def _remember(self, host: str) -> None:
        """Answer "no" for a second without asking."""
        self._unknown_until.pop(host, None)
        if len(self._unknown_until) >= UNKNOWN_HOSTS:
            del self._unknown_until[next(iter(self._unknown_until))]  # the oldest
        self._unknown_until[host] = time.monotonic() + UNKNOWN_SECONDS
