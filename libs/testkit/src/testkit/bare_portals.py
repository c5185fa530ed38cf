"""Portals that exist in a database only: an open fence, and rows that are gone after the test.

For tests below HTTP. Nobody knows a route to such a portal, so the services of a running cluster leave
its rows alone.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from sqlalchemy import Table, bindparam, delete

from db import fence
from db.engine import Address, Database, PoolLimits
from db.sessions import Ownership, WriteSession
from db.statements import Statement
from kernel import secrets
from kernel.ids import PairId, PortalId, new_portal_id
from kernel.settings import Settings

EPOCH = 1
BUSY = PoolLimits(acquire_seconds=20.0, connect_seconds=20.0)
"""A busy machine may take seconds to open a connection; few tests are about that."""


class BarePortals:
    """Opens portals in the first database of the first pair, and removes them."""

    def __init__(self, settings: Settings, provision: Database) -> None:
        self._pair = settings.pairs[0]
        self._provision = provision
        self._opened: list[Ownership] = []

    async def open(self) -> Ownership:
        """Make one more."""
        side = self._pair.sites[0]
        term = await epoch_of(self._provision, fence.pair_row(self._pair.id, side))
        portal = Ownership(new_portal_id(), self._pair.id, side, term=term, epoch=EPOCH)
        self._opened.append(portal)
        await self.set_fence(portal, EPOCH, "open")
        return portal

    async def set_fence(self, portal: Ownership, epoch: int, state: str) -> None:
        """Raise or close the portal's fence, as a switch would."""
        async with self._provision.connection() as connection:
            await fence.set_local(connection, fence.portal_row(portal.portal), epoch, state)

    async def remove(self, database: Database, *tables: Table) -> None:
        """Delete the portals' rows in ``tables``, whatever became of their fences."""
        for portal in self._opened:
            async with database.connection() as connection:
                session = WriteSession(connection, portal.portal, datetime.now(tz=UTC))
                for table in tables:
                    mine = table.c.portal_id == bindparam("portal_id")
                    await session.change(Statement(delete(table).where(mine)))
            async with self._provision.connection() as connection:
                await fence.remove_local(connection, fence.portal_row(portal.portal), EPOCH)


async def ownership_of(database: Database, pair: PairId, side: str, portal: PortalId) -> Ownership:
    """Return how a portal of a side is fenced on this server now; each switch has raised an epoch."""
    term = await epoch_of(database, fence.pair_row(pair, side))
    epoch = await epoch_of(database, fence.portal_row(portal))
    return Ownership(portal, pair, side, term, epoch)


async def epoch_of(database: Database, row: str) -> int:
    """Return the epoch of a row of the fence on this server."""
    statement = "SELECT epoch FROM portico_fence.fence WHERE name = %s"
    async with database.connection() as connection, connection.cursor() as cursor:
        await cursor.execute(statement, (row,))
        (epoch,) = await cursor.fetchone()
    return int(epoch)


@asynccontextmanager
async def opening(
    settings: Settings, database: Database, *tables: Table
) -> AsyncIterator[BarePortals]:
    """Lend a maker of portals; afterwards they and their rows in ``tables`` are gone."""
    async with connected(settings, "signup", "portico_provision", "portico_fence") as provision:
        portals = BarePortals(settings, provision)
        yield portals
        await portals.remove(database, *tables)


@asynccontextmanager
async def connected(
    settings: Settings,
    role: str,
    user: str,
    name: str = "portico",
    limits: PoolLimits | None = None,
) -> AsyncIterator[Database]:
    """Open a database of the first site of the first pair as one of our users."""
    host = settings.site(settings.pairs[0].sites[0]).address
    password = secrets.load(settings.secrets_dir, role)["db_password"]
    database = Database(Address(host, settings.ports.mariadb, user, password, name), limits or BUSY)
    await database.open()
    try:
        yield database
    finally:
        await database.close()
