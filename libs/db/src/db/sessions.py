"""Sessions of one portal: reading, and writing behind the fence.

A session is built for one portal and binds ``portal_id`` to every statement, so no query can forget it
and none can ask for another's.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asyncmy import errors as driver
from asyncmy.connection import Connection
from asyncmy.cursors import Cursor

from db import fence, journal
from db.engine import Database
from db.errors import (
    ContendedError,
    DatabaseUnavailableError,
    DuplicateKeyError,
    OutcomeUnknownError,
    StaleRouteError,
    StatementTooLongError,
)
from db.instants import Row, from_database
from db.statements import PORTAL, Statement
from kernel.facts import Fact
from kernel.ids import PairId, PortalId

__all__ = [
    "Ownership",
    "ReadSession",
    "Row",
    "WriteSession",
    "across_portals",
    "reading",
    "writing",
]

_DUPLICATE = 1062
_LOCK_WAIT, _DEADLOCK = 1205, 1213
_READ_ONLY = 1290
_STATEMENT_TIMEOUT = 1969
# the server goes down, has no room (or its disk has none; 3 and 20 are said of a file it writes meanwhile),
# or ended the connection: said before anything was committed
_GOING = frozenset({3, 20, 1021, 1040, 1053, 1114, 1317, 1927})
# the driver found the connection closed and sent nothing
_NEVER_SENT = frozenset({0, 2006})
COMMIT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Ownership:
    """What a writer believes about a portal; the fence tells whether it is still so."""

    portal: PortalId
    pair: PairId
    side: str
    term: int
    epoch: int

    @property
    def fence_arguments(self) -> tuple[str, int, str, int]:
        """Arguments of the fence check."""
        return (
            fence.pair_row(self.pair, self.side),
            self.term,
            fence.portal_row(self.portal),
            self.epoch,
        )


class ReadSession:
    """Reads of one portal on one connection, each statement by itself."""

    def __init__(self, connection: Connection, portal: PortalId) -> None:
        self._connection = connection
        self.portal = portal

    async def all(self, statement: Statement, **values: Any) -> Sequence[Row]:
        """Return every row; the statement carries its own LIMIT."""
        cursor = await self._executed(statement, values)
        return from_database(await cursor.fetchall(), statement.instants)

    async def first(self, statement: Statement, **values: Any) -> Row | None:
        """Return the first row, if any."""
        rows = await self.all(statement, **values)
        return rows[0] if rows else None

    def _scoped(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {**values, PORTAL: self.portal}

    async def _executed(self, statement: Statement, values: Mapping[str, Any]) -> Cursor:
        """Run one statement; its whole result has arrived with it."""
        arguments = statement.arguments(self._scoped(values))
        cursor = self._connection.cursor()
        with translated_errors():
            await cursor.execute(statement.sql, arguments)
        return cursor


class WriteSession(ReadSession):
    """One fenced transaction of one portal: what is done here is done wholly or not at all."""

    def __init__(self, connection: Connection, portal: PortalId, now: datetime) -> None:
        super().__init__(connection, portal)
        self.now = now
        self._facts: list[Fact] = []
        self.actor: int | None = None
        self.is_named = False  # by a row in it, which a second run of the same would find

    async def insert(self, statement: Statement, **values: Any) -> int:
        """Run an INSERT; return the id it was given (0 for a table without one)."""
        return int((await self._executed(statement, values)).lastrowid or 0)

    async def insert_many(self, statement: Statement, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert all rows in few round trips. Which ids they got is not told: read them back."""
        if not rows:
            return
        arguments = statement.many([self._scoped(row) for row in rows])
        cursor = self._connection.cursor()
        with translated_errors():
            await cursor.executemany(statement.sql, arguments)

    async def change(self, statement: Statement, **values: Any) -> int:
        """Run an UPDATE or DELETE; return how many rows it found."""
        cursor: Any = await self._executed(statement, values)
        return int(cursor.rowcount)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo what the block did, its facts included, if it raises; the transaction may go on.

        After a lost lock or connection it may not: the whole transaction is to be undone then.
        """
        known = len(self._facts)
        await self._execute_plainly("SAVEPOINT step")
        try:
            yield
        except (ContendedError, DatabaseUnavailableError, StaleRouteError):
            raise
        except Exception:
            await self._execute_plainly("ROLLBACK TO SAVEPOINT step")
            del self._facts[known:]
            raise

    def publish(self, *facts: Fact) -> None:
        """Note what happened; it reaches the journal with this transaction or never."""
        self._facts.extend(facts)

    async def flush(self) -> None:
        """Write the noted facts; the last statements of a transaction, so that readers wait briefly."""
        rows, self._facts = journal.rows(self._facts, self.actor, self.now), []
        if len(rows) == 1:
            await self.insert(journal.APPEND, **rows[0])
        else:
            await self.insert_many(journal.APPEND, rows)

    async def _execute_plainly(self, sql: str) -> None:
        with translated_errors():
            await self._connection.cursor().execute(sql)


@asynccontextmanager
async def reading(database: Database, portal: PortalId) -> AsyncIterator[ReadSession]:
    """Lend a read session."""
    async with database.connection() as connection:
        yield ReadSession(connection, portal)


async def across_portals(database: Database, statement: Statement, **values: Any) -> Sequence[Row]:
    """Run a statement of the system itself, which may see every portal's rows and says why."""
    async with database.connection() as connection:
        cursor = connection.cursor()
        with translated_errors():
            await cursor.execute(statement.sql, statement.arguments(values))
        return from_database(await cursor.fetchall(), statement.instants)


@asynccontextmanager
async def writing(database: Database, ownership: Ownership) -> AsyncIterator[WriteSession]:
    """Lend a transaction that commits when the block ends and is undone when it raises.

    Raises ``StaleRouteError`` if this server does not own the portal at this epoch,
    ``OutcomeUnknownError`` if the connection was lost inside COMMIT, and the other errors of
    ``db.errors`` after undoing everything.
    """
    async with database.connection() as connection:
        session = WriteSession(connection, ownership.portal, datetime.now(tz=UTC))
        with translated_errors():
            await connection.begin()
        try:
            with translated_errors():
                await fence.pass_through(connection, ownership.fence_arguments)
            yield session
            await session.flush()
        except Exception:
            await _rollback(connection)
            raise
        try:
            await _commit(connection)
        except OutcomeUnknownError as error:
            error.is_named = session.is_named
            raise


async def _commit(connection: Connection) -> None:
    """Commit; semi-sync may hold the answer until the other datacentre has the transaction.

    When the answer does not come in time the connection is closed, not killed: a KILL would make the
    unacknowledged rows visible (HA.md §10).
    """
    try:
        async with asyncio.timeout(COMMIT_SECONDS):
            await connection.commit()
    except driver.Error as error:
        number = error.args[0] if error.args else None
        if number == _READ_ONLY:
            raise StaleRouteError from error  # refused, so nothing was done
        connection.close()
        if number in _NEVER_SENT:
            raise DatabaseUnavailableError(reason="commit-not-sent") from error
        raise OutcomeUnknownError from error
    except (TimeoutError, OSError) as error:
        connection.close()
        raise OutcomeUnknownError from error


async def _rollback(connection: Connection) -> None:
    try:
        async with asyncio.timeout(1.0):
            await connection.rollback()
    except (TimeoutError, OSError, driver.Error):
        connection.close()  # the server rolls back what a closed connection left


class translated_errors:  # noqa: N801  # a context manager, used like a function
    """Turn the driver's errors into ours."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Re-raise a driver error as ours."""
        if isinstance(error, driver.IntegrityError) and error.args[0] == _DUPLICATE:
            # "Duplicate entry 'x' for key 'name'": the name is ours, the text is the server's
            raise DuplicateKeyError(str(error.args[1]).rsplit("'", 2)[-2]) from error
        if isinstance(error, driver.Error):
            raise _translated(error.args[0] if error.args else None, error) from error
        if isinstance(error, OSError) and not isinstance(error, TimeoutError):
            raise DatabaseUnavailableError(reason=type(error).__name__) from error


def _translated(number: object, error: driver.Error) -> Exception:
    if number in {_LOCK_WAIT, _DEADLOCK}:
        return ContendedError()
    if number == _READ_ONLY:
        return StaleRouteError()
    if number == _STATEMENT_TIMEOUT:
        return StatementTooLongError(reason="statement-timeout")
    is_lost = isinstance(number, int) and (2000 <= number < 3000 or number in _GOING)
    if is_lost or isinstance(error, driver.InterfaceError):
        return DatabaseUnavailableError(reason=f"driver-{number}")
    return error
