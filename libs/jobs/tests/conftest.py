"""A real database, and portals of a test's own whose fence is open."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, delete

from db import fence
from db.engine import Address, Database
from db.sessions import Ownership, WriteSession
from db.statements import Statement
from jobs.tables import jobs
from kernel import secrets
from kernel.ids import new_portal_id
from kernel.settings import Settings

CLEAR = Statement(delete(jobs).where(jobs.c.portal_id == bindparam("portal_id")))
EPOCH = 1

OpenPortal = Callable[[], Awaitable[Ownership]]


@pytest.fixture(scope="session")
async def database(settings: Settings) -> AsyncIterator[Database]:
    """The database as a worker sees it."""
    database = await _connected(settings, "worker", "portico_worker")
    yield database
    await database.close()


@pytest.fixture(scope="session")
async def provision(settings: Settings) -> AsyncIterator[Database]:
    """The database as the one sees it who opens and closes fences."""
    database = await _connected(settings, "signup", "portico_provision", "portico_fence")
    yield database
    await database.close()


@pytest.fixture
async def open_portal(
    settings: Settings, database: Database, provision: Database
) -> AsyncIterator[OpenPortal]:
    """Make portals; their jobs are gone after the test."""
    opened: list[Ownership] = []

    async def one_more() -> Ownership:
        pair = settings.pairs[0]
        portal = Ownership(new_portal_id(), pair.id, side=pair.sites[0], term=1, epoch=EPOCH)
        async with provision.connection() as connection:
            await fence.set_local(connection, fence.portal_row(portal.portal), EPOCH, "open")
        opened.append(portal)
        return portal

    yield one_more
    for portal in opened:
        async with database.connection() as connection:  # the test may have closed the fence
            await WriteSession(connection, portal.portal, datetime.now(tz=UTC)).change(CLEAR)
        async with provision.connection() as connection:
            await fence.remove_local(connection, fence.portal_row(portal.portal), EPOCH)


@pytest.fixture
async def portal(open_portal: OpenPortal) -> Ownership:
    return await open_portal()


async def _connected(
    settings: Settings, role: str, user: str, database: str = "portico"
) -> Database:
    password = secrets.load(settings.secrets_dir, role)["db_password"]
    host = settings.site(settings.pairs[0].sites[0]).address
    opened = Database(Address(host, settings.ports.mariadb, user, password, database))
    await opened.open()
    return opened
