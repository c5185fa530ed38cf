"""Writers who do not know that they are dead: they write where a portal used to be served.

Each attempt is a transfer of the bank with the route of before, straight at the old owner's database. An
attempt that is acknowledged, or that is there in the end, is one too many.
"""

import asyncio
import time
from collections.abc import Sequence

import pymysql

from db.errors import OutcomeUnknownError
from kernel.errors import PorticoError
from laboratory.door import Portal
from laboratory.workloads.bank import Bank, Transfer
from routes import Route

ATTEMPT_SECONDS = 12.0
PAUSE_SECONDS = 0.005  # after one that could not even connect


class Zombies:
    """Some writers with yesterday's routes; ``acknowledged`` must stay empty."""

    def __init__(self, bank: Bank, routes: Sequence[Route]) -> None:
        self.attempts = 0
        self.unanswered = 0
        self.refusals: dict[str, int] = {}
        self.acknowledged: list[Transfer] = []
        self.tried: set[int] = set()
        self._bank = bank
        self._routes = routes
        self._runs = True
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    def of(cls, bank: Bank, portals: Sequence[Portal], side: str) -> "Zombies":
        """Remember the routes of a side's portals as they are now."""
        routes = [bank.route_of(portal) for portal in portals]
        return cls(bank, [route for route in routes if route.home == side])

    def start(self, writers: int) -> None:
        """Begin; only when the routes are yesterday's."""
        self._tasks = [asyncio.create_task(self._write(n)) for n in range(writers)]

    async def until(self, attempts: int, seconds: float) -> None:
        """Wait for so many attempts, but not for ever."""
        ends = time.monotonic() + seconds
        while self.attempts < attempts and time.monotonic() < ends:
            await asyncio.sleep(0.1)

    async def stop(self) -> None:
        """End them for good."""
        self._runs = False
        await asyncio.gather(*self._tasks)

    async def _write(self, number: int) -> None:
        route = self._routes[number % len(self._routes)]
        while self._runs:
            await self._attempt(route)

    async def _attempt(self, route: Route) -> None:
        transfer = self._bank.new_transfer()
        self.tried.add(transfer.number)
        self.attempts += 1
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                await self._bank.attempt(route, transfer)
        except (OutcomeUnknownError, TimeoutError):
            self.unanswered += 1
        except (PorticoError, pymysql.Error) as error:
            code = error.code if isinstance(error, PorticoError) else type(error).__name__
            self.refusals[code] = self.refusals.get(code, 0) + 1
            if code != "stale-route":
                await asyncio.sleep(PAUSE_SECONDS)
        else:
            self.acknowledged.append(transfer)
