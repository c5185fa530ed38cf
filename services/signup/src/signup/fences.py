"""Opens the fence of a new portal on the database servers of its pair."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from asyncmy import errors as driver
from asyncmy.connection import Connection

from db import fence
from db.engine import Address, Database, PoolLimits
from db.errors import DatabaseUnavailableError
from kernel.ids import PortalId
from kernel.settings import Settings

LIMITS = PoolLimits(connections=4, waiting=64, statement_seconds=3.0)
SECONDS = 4.0
USER = "portico_provision"


class Fences:
    """The fence tables of all datacentres; a failure is a ``DatabaseUnavailableError``."""

    def __init__(self, servers: Mapping[str, Database]) -> None:
        self._servers = servers

    async def open(self, datacentre: str, portal: PortalId, epoch: int) -> None:
        """Open the portal's row; a later epoch that is there already stays as it is."""
        async with self._connection(datacentre) as connection:
            await fence.set_local(connection, fence.portal_row(portal), epoch, "open")

    async def remove(self, datacentre: str, portal: PortalId, epoch: int) -> None:
        """Remove the portal's row, unless somebody raised its epoch."""
        async with self._connection(datacentre) as connection:
            await fence.remove_local(connection, fence.portal_row(portal), epoch)

    @asynccontextmanager
    async def _connection(self, datacentre: str) -> AsyncIterator[Connection]:
        try:
            async with asyncio.timeout(SECONDS), self._servers[datacentre].connection() as lent:
                yield lent
        except (TimeoutError, driver.Error, OSError) as error:
            raise DatabaseUnavailableError(reason=type(error).__name__) from error


@asynccontextmanager
async def connect(settings: Settings, password: str) -> AsyncIterator[Fences]:
    """Open a small pool to each datacentre's server; a server that is down is met at its first use."""
    async with AsyncExitStack() as stack:
        servers = {}
        for site in settings.datacentres:
            address = Address(
                site.address, settings.ports.mariadb, USER, password, database="portico_fence"
            )
            servers[site.name] = Database(address, LIMITS)
            await servers[site.name].open()
            stack.push_async_callback(servers[site.name].close)
        yield Fences(servers)
