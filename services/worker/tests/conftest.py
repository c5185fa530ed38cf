"""A real database with portals of a test's own, and a real mail server."""

from collections.abc import AsyncIterator

import pytest

from db.engine import Database, PoolLimits
from db.sessions import Ownership
from jobs import claims
from jobs.tables import jobs
from kernel.settings import Settings
from testkit import addresses, bare_portals
from testkit.bare_portals import BarePortals
from worker import scout

from .mail_server import MailServer


@pytest.fixture(scope="session")
async def database(settings: Settings) -> AsyncIterator[Database]:
    """The database as a worker sees it, with room for two of them."""
    limits = PoolLimits(connections=40)
    async with bare_portals.connected(
        settings, "worker", "portico_worker", limits=limits
    ) as opened:
        yield opened


@pytest.fixture
async def portals(settings: Settings, database: Database) -> AsyncIterator[BarePortals]:
    async with bare_portals.opening(settings, database, jobs) as portals:
        yield portals


@pytest.fixture
async def portal(portals: BarePortals) -> Ownership:
    return await portals.open()


@pytest.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    server = MailServer(addresses.private(1)[0])
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten what only waits."""
    monkeypatch.setattr(scout, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(claims, "backoff_seconds", lambda attempts: 0.1)
