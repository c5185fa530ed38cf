"""Reads a change stream line by line, with a deadline."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson

from .calls import Api, Json

LINE_SECONDS = 30.0


class Stream:
    """The lines of one open stream."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines

    async def next(self) -> Any:
        """Return the next line; ``StopAsyncIteration`` at the end."""
        return orjson.loads(await asyncio.wait_for(anext(self._lines), LINE_SECONDS))

    async def until(self, is_it: Callable[[Json], bool]) -> Json:
        """Skip to the line that is meant."""
        while True:
            line: Json = await self.next()
            if is_it(line):
                return line


@asynccontextmanager
async def watching(api: Api, after: int, query: str = "") -> AsyncIterator[Stream]:
    """Watch what changes after a revision."""
    path = f"/v1/watch?revision={after + 1}{query}"
    async with api.client.stream("GET", path) as answer:
        assert answer.status_code == 200
        yield Stream(answer.aiter_lines())


async def now(api: Api) -> tuple[str, int]:
    """Return history and revision of the service's memory."""
    _, page = await api.get("/v1/routes?limit=1")
    return page["history"], page["revision"]
