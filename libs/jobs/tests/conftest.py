"""A real database, and portals of a test's own whose fence is open."""

from collections.abc import AsyncIterator

import pytest

from db.engine import Database
from db.journal import journal
from db.sessions import Ownership
from jobs.tables import jobs
from kernel.settings import Settings
from testkit import bare_portals
from testkit.bare_portals import BarePortals


@pytest.fixture(scope="session")
async def database(settings: Settings) -> AsyncIterator[Database]:
    """The database as a worker sees it."""
    async with bare_portals.connected(settings, "worker", "portico_worker") as database:
        yield database


@pytest.fixture
async def portals(settings: Settings, database: Database) -> AsyncIterator[BarePortals]:
    async with bare_portals.opening(settings, database, jobs, journal) as portals:
        yield portals


@pytest.fixture
async def portal(portals: BarePortals) -> Ownership:
    return await portals.open()
