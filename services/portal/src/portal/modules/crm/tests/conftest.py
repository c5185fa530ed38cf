"""Portals that are rows only, for tests below HTTP."""

from collections.abc import AsyncIterator

import pytest

from db.engine import Database
from db.journal import journal
from jobs.tables import jobs
from kernel.settings import Settings
from portal.modules.crm import tables
from testkit import bare_portals
from testkit.bare_portals import BarePortals


@pytest.fixture(scope="session")
async def database(settings: Settings) -> AsyncIterator[Database]:
    """The database as a web node sees it."""
    async with bare_portals.connected(settings, "portal", "portico_app") as opened:
        yield opened


@pytest.fixture
async def portals(settings: Settings, database: Database) -> AsyncIterator[BarePortals]:
    mine = (
        *(tables.leads, tables.lookups, tables.statuses, tables.customs, tables.import_problems),
        tables.fields,
        *(journal, jobs),
    )
    async with bare_portals.opening(settings, database, *mine) as portals:
        yield portals
