"""Tells whether a database answers, as seen from here."""

import asyncio
import contextlib
import time
from types import TracebackType
from typing import Self

from failover.database.line import Line, NoAnswerError, RefusedError

USER = "portico_probe"
PERIOD_SECONDS = 0.2
LIMIT_SECONDS = 0.5


class Probe:
    """Asks one server for a sign of life, for as long as the context is open."""

    def __init__(self, address: str, port: int, password: str) -> None:
        self.unseen_seconds = 0.0
        """For how long it has not answered; exactly 0 while it does."""
        self._line = Line(address, port, USER, password, seconds=LIMIT_SECONDS)
        self._asking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to ask."""
        self._asking = asyncio.create_task(self._ask_on())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop asking."""
        if self._asking is not None:
            self._asking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._asking
        self._line.drop()

    async def _ask_on(self) -> None:
        """Ask for ever. A failure counts no longer than it can last: it may be we who were asleep."""
        known_at = time.monotonic()
        while True:
            asked_at = time.monotonic()
            answers = await self._ask()
            elapsed, known_at = time.monotonic() - known_at, time.monotonic()
            if answers:
                self.unseen_seconds = 0.0
            else:
                self.unseen_seconds += min(elapsed, PERIOD_SECONDS + LIMIT_SECONDS)
            await asyncio.sleep(max(0.0, asked_at + PERIOD_SECONDS - known_at))

    async def _ask(self) -> bool:
        try:
            await self._line.ask("SELECT 1")
        except RefusedError:
            return True  # full is not dead
        except NoAnswerError:
            return False
        return True
