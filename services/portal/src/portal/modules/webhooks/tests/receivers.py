"""A server outside that is told of events, and does what a test wants."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from aiohttp import web

PORT = 18099
Told = dict[str, str]
Answer = Callable[[Told], Awaitable[int]]


async def taken(_told: Told) -> int:
    return 200


class Receiver:
    """Listens on an address of the test's own; keeps what it was told, in order."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.url = f"http://{host}:{PORT}/told"
        self.answer: Answer = taken
        self.told: list[Told] = []
        self.taken: list[Told] = []
        self._news = asyncio.Condition()

    async def serve(self, request: web.Request) -> web.Response:
        told = dict(parse_qsl((await request.read()).decode(), keep_blank_values=True))
        self.told.append(told)
        status = await self.answer(told)
        if 200 <= status < 300:
            self.taken.append(told)
        async with self._news:
            self._news.notify_all()
        location = {"Location": self.url + "/elsewhere"} if 300 <= status < 400 else {}
        return web.Response(status=status, headers=location)

    async def until(self, holds: Callable[[], object], seconds: float = 40) -> None:
        """Wait until it was told enough."""
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(lambda: bool(holds()))

    def of_leads(self) -> dict[int, list[str]]:
        """Return the events that were taken, by lead and in order."""
        found: defaultdict[int, list[str]] = defaultdict(list)
        for told in self.taken:
            found[int(told["data[FIELDS][ID]"])].append(told["event"])
        return found
