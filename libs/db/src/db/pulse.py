"""Whether a server lives: asked again and again, on a connection of its own.

A server that was killed is found by whoever uses it. One that hangs keeps every connection open and silent,
and a statement has no limit of its own on our side: so when the server answers nothing for three seconds,
all connections to it are cut, and whoever waits on one is told.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from asyncmy.connection import Connection
from prometheus_client import Counter

from db.errors import NOT_CONNECTED
from db.insistence import insistent_timeout

_log = logging.getLogger(__name__)

EVERY_SECONDS = 0.5
SILENT_EVERY_SECONDS = 0.25
ATTEMPT_SECONDS = 1.5

SILENCES = Counter("db_silences_total", "Times that a server stopped answering.")


class Pulse:
    """Asks the server; ``cut`` is called when it has stopped answering."""

    def __init__(
        self, connect: Callable[[], Awaitable[Connection]], cut: Callable[[], None]
    ) -> None:
        self.is_felt = True
        self._connect = connect
        self._cut = cut
        self._doubted = asyncio.Event()

    def doubt(self) -> None:
        """Ask at once: somebody got no answer."""
        if self.is_felt:
            self._doubted.set()

    async def run(self) -> None:
        """Ask for ever."""
        connection: Connection | None = None
        try:
            while True:
                connection = await self._asked(connection) or await self._asked(None)
                self._note(is_felt=connection is not None)
                await self._pause()
        finally:
            if connection is not None:
                connection.close()

    async def _asked(self, connection: Connection | None) -> Connection | None:
        """Return a connection that answered; ``None`` if there is none.

        One failure proves nothing: this process may have slept itself, or the connection was killed.
        """
        try:
            async with insistent_timeout(ATTEMPT_SECONDS):
                connection = connection or await self._connect()
                await connection.ping(reconnect=False)
        except (TimeoutError, *NOT_CONNECTED):
            if connection is not None:
                connection.close()
            return None
        return connection

    def _note(self, *, is_felt: bool) -> None:
        if self.is_felt and not is_felt:
            SILENCES.inc()
            _log.warning("the database stopped answering")
            self._cut()
        elif is_felt and not self.is_felt:
            _log.info("the database answers again")
        self.is_felt = is_felt

    async def _pause(self) -> None:
        self._doubted.clear()
        seconds = EVERY_SECONDS if self.is_felt else SILENT_EVERY_SECONDS
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._doubted.wait()
