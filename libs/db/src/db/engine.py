"""The connections of one process to one MariaDB server: bounded, timed, and never reused when broken."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncmy
from asyncmy.connection import Connection
from prometheus_client import Histogram

from db.errors import (
    NOT_CONNECTED,
    DatabaseUnavailableError,
    DuplicateKeyError,
    OutcomeUnknownError,
)
from db.insistence import insistent_timeout
from db.pulse import Pulse
from kernel.errors import PorticoError

WAIT_SECONDS = Histogram(
    "db_pool_wait_seconds",
    "Time a request waited for a database connection.",
    buckets=(0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.0),
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is and as whom we log in."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str = "portico"


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """How much of the server one process may use, and how long anything may take (seconds)."""

    connections: int = 16
    waiting: int = 256
    acquire_seconds: float = 2.0
    connect_seconds: float = 2.0
    statement_seconds: float = 15.0
    statements: int = (
        256  # prepared once per connection: a third of the driver's time for a short read
    )


class Database:
    """A pool of connections to one server."""

    def __init__(self, address: Address, limits: PoolLimits | None = None) -> None:
        self._address = address
        self._limits = limits or PoolLimits()
        self._pool: Any = None
        self._waiting = 0
        self._lent: set[Connection] = set()
        self._pulse = Pulse(self._connect, self._cut)
        self._feeling: asyncio.Task[None] | None = None

    @property
    def answers(self) -> bool:
        """Whether the server lives, as far as is known."""
        return self._pulse.is_felt

    async def open(self) -> None:
        """Create the pool; connects lazily, so a server that is down does not stop us from starting."""
        self._pool = await asyncmy.create_pool(
            minsize=0, maxsize=self._limits.connections, pool_recycle=1800, **self._options()
        )
        self._feeling = asyncio.create_task(self._pulse.run())

    async def close(self) -> None:
        """Close every connection; those in use are cut."""
        if self._feeling is not None:
            self._feeling.cancel()
            await asyncio.wait([self._feeling])
        if self._pool is not None:
            self._pool.terminate()
            await self._pool.wait_closed()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection. After a surprise (cancellation included) it is closed, never reused."""
        connection = await self._acquire()
        self._lent.add(connection)
        reusable = False
        try:
            yield connection
            reusable = True
        except (DatabaseUnavailableError, OutcomeUnknownError):
            self._pulse.doubt()
            raise
        except (PorticoError, DuplicateKeyError):
            reusable = True  # the conversation went as it should; its transaction was rolled back
            raise
        finally:
            if not reusable:
                connection.close()
            self._lent.discard(connection)
            self._pool.release(connection)

    async def ping(self) -> str | None:
        """Return ``None`` if the server answers, else one sentence why not."""
        try:
            async with (
                asyncio.timeout(self._limits.connect_seconds),
                self.connection() as connection,
            ):
                await connection.ping(reconnect=False)
        except (TimeoutError, DatabaseUnavailableError, *NOT_CONNECTED) as error:
            return f"database {self._address.host}:{self._address.port}: {type(error).__name__}"
        return None

    async def _acquire(self) -> Connection:
        if self._waiting >= self._limits.waiting:
            raise DatabaseUnavailableError(reason="queue-full")
        self._waiting += 1
        try:
            with WAIT_SECONDS.time():
                # also if one is free: another may be quicker, then we connect, and a hung server never greets
                async with insistent_timeout(self._limits.acquire_seconds):
                    return await self._connected()
        except TimeoutError:
            self._pulse.doubt()
            raise DatabaseUnavailableError(reason="no-connection-in-time") from None
        finally:
            self._waiting -= 1

    async def _connected(self) -> Connection:
        try:
            connection: Connection = await self._pool.acquire()
        except NOT_CONNECTED as error:
            self._pulse.doubt()
            raise DatabaseUnavailableError(reason=type(error).__name__) from error
        return connection

    def _options(self) -> dict[str, Any]:
        limits = self._limits
        return {
            "host": self._address.host,
            "port": self._address.port,
            "user": self._address.user,
            "password": self._address.password,
            "db": self._address.database,
            "charset": "utf8mb4",
            "connect_timeout": limits.connect_seconds,
            "autocommit": True,
            "stmt_cache_size": limits.statements,
            "init_command": f"SET SESSION max_statement_time={limits.statement_seconds:g}",
        }

    async def _connect(self) -> Connection:
        """Open a connection beside the pool."""
        connection: Connection = await asyncmy.connect(**self._options())
        return connection

    def _cut(self) -> None:
        """Close what is in use: whoever waits for an answer on it gets an error instead."""
        for connection in tuple(self._lent):
            connection.close()
