"""One connection to one server: opened when needed, dropped at the first surprise, never waited for long."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import asyncmy
from asyncmy import errors as driver
from asyncmy.connection import Connection
from asyncmy.constants.CLIENT import MULTI_STATEMENTS
from asyncmy.cursors import DictCursor

from db.errors import NOT_CONNECTED

CLIENT_SIDE = 2000
"""Errors from this number on are the driver's own: the server said nothing."""

Rows = Sequence[dict[str, Any]]


class NoAnswerError(Exception):
    """The server did not answer in time, or refused; what was asked may or may not have been done."""


class RefusedError(NoAnswerError):
    """The server lives and said no: too many connections, a lock not given in time."""


class Line:
    """A connection of one user; questions wait for each other. ``session`` is said first on each.

    ``opened`` is called after each connecting, before anything is asked: what it finds out about the
    server is true of every answer that follows.
    """

    def __init__(
        self,
        host: str,
        port: int,
        user: str,
        password: str,
        *,
        seconds: float,
        session: str = "",
        opened: Callable[[], None] = lambda: None,
    ) -> None:
        self._host = host
        self._port = port
        self._user = user
        self._password = password
        self._seconds = seconds
        self._session = session
        self._opened = opened
        self._turn = asyncio.Lock()
        self._connection: Connection | None = None

    async def ask(self, statements: str, arguments: Sequence[object] = ()) -> list[Rows]:
        """Send one text and return the rows of each of its results, or raise ``NoAnswerError``.

        After a failure the connection is dropped, not killed: the server ends by itself what it began.
        """
        try:
            async with asyncio.timeout(self._seconds), self._turn:
                return await self._ask(statements, arguments)
        except TimeoutError as error:
            raise NoAnswerError(f"no answer within {self._seconds:g} s") from error
        except NOT_CONNECTED as error:
            code = error.args[0] if error.args else None
            is_said = (
                isinstance(code, int) and isinstance(error, driver.Error) and code < CLIENT_SIDE
            )
            raise (RefusedError if is_said else NoAnswerError)(str(error)) from error

    def drop(self) -> None:
        """Close the connection; the next question opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def _ask(self, statements: str, arguments: Sequence[object]) -> list[Rows]:
        is_answered = False
        try:
            if self._connection is None:
                self._connection = await self._connect()
                self._opened()
            async with self._connection.cursor(DictCursor) as cursor:
                await cursor.execute(statements, arguments)
                results: list[Rows] = [await cursor.fetchall()]
                while await cursor.nextset():
                    results.append(await cursor.fetchall())
            is_answered = True
        finally:
            if not is_answered:
                self.drop()
        return results

    async def _connect(self) -> Connection:
        return await asyncmy.connect(
            host=self._host,
            port=self._port,
            user=self._user,
            password=self._password,
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=self._seconds,
            client_flag=MULTI_STATEMENTS,
            init_command=self._session or None,
        )
