"""One connection for a task of several statements, transactions among them; it is never reconnected.

``Line`` is for single questions and opens a new connection when the old one broke. Here that would lose a
transaction half-way without a word.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncmy
from asyncmy.connection import Connection
from asyncmy.cursors import DictCursor

from db.engine import Address
from db.errors import NOT_CONNECTED

CONNECT_SECONDS = 5.0
STATEMENT_SECONDS = 30.0
# What a statement may take on our side: the server ends a slow one itself, and says so
GRACE_SECONDS = 5.0
DUPLICATE = 1062
STATEMENT_TIMEOUT = 1969

Row = tuple[Any, ...]


class ServerError(Exception):
    """The server refused (``code`` is its error number), or was not reached in time (no code)."""

    def __init__(self, code: int | None, text: str) -> None:
        super().__init__(text)
        self.code = code


class Session:
    """Statements on one connection, each with a time limit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def rows(self, statement: str, arguments: Sequence[object] = ()) -> list[Row]:
        """Run a query and return all its rows; it carries its own LIMIT."""
        async with _translated(), self._connection.cursor() as cursor:
            await cursor.execute(statement, arguments)
            return list(await cursor.fetchall())

    async def row(self, statement: str, arguments: Sequence[object] = ()) -> Row | None:
        """Run a query and return its first row, if any."""
        rows = await self.rows(statement, arguments)
        return rows[0] if rows else None

    async def named_row(self, statement: str) -> dict[str, Any] | None:
        """Run a statement and return its first row by the names of its columns, if any."""
        async with _translated(), self._connection.cursor(DictCursor) as cursor:
            await cursor.execute(statement)
            row: dict[str, Any] | None = await cursor.fetchone()
            return row

    async def change(self, statement: str, arguments: Sequence[object] = ()) -> int:
        """Run a statement and return how many rows it changed."""
        async with _translated(), self._connection.cursor() as cursor:
            return int(await cursor.execute(statement, arguments))

    async def change_many(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        """Run an INSERT for many rows, or none, in few round trips."""
        if not rows:
            return
        async with _translated(), self._connection.cursor() as cursor:
            await cursor.executemany(statement, rows)

    async def packets(self, command: int, payload: bytes) -> AsyncIterator[bytes]:
        """Send a command of the protocol and yield the packets of its answer up to the end."""
        connection: Any = self._connection
        async with _translated():
            await connection._execute_command(command, payload)  # noqa: SLF001 - no public way
        while True:
            async with _translated():
                packet = await connection.read_packet()
            if packet.is_eof_packet():
                return
            yield packet.get_all_data()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Commit what is done within; undo it when the block raises."""
        await self.change("START TRANSACTION")
        try:
            yield
        except Exception:
            await self.change("ROLLBACK")
            raise
        await self.change("COMMIT")


@asynccontextmanager
async def session(
    address: Address, *, seconds: float = STATEMENT_SECONDS
) -> AsyncIterator[Session]:
    """Connect; however the block ends, the connection is closed and the server undoes what was open.

    Closed, not killed: a KILL within COMMIT would show what nobody acknowledged (HA.md §10).
    """
    async with _translated(CONNECT_SECONDS):
        connection = await asyncmy.connect(
            host=address.host,
            port=address.port,
            user=address.user,
            password=address.password,
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            init_command=f"SET SESSION max_statement_time = {STATEMENT_SECONDS:g}, time_zone = '+00:00'",
        )
    try:
        yield Session(connection)
    finally:
        connection.close()


@asynccontextmanager
async def _translated(seconds: float = STATEMENT_SECONDS + GRACE_SECONDS) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise ServerError(None, f"no answer within {seconds:g} s") from error
    except NOT_CONNECTED as error:
        code = error.args[0] if error.args and isinstance(error.args[0], int) else None
        raise ServerError(code, str(error)) from error
