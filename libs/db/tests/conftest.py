"""A database of the running cluster, and a portal that exists only as fence rows."""

import secrets
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from db.engine import Address, Database
from db.fence import portal_row, set_local
from db.sessions import Ownership
from kernel import secrets as kernel_secrets
from kernel.ids import PairId, PortalId, new_portal_id
from kernel.secrets import Secrets
from kernel.settings import Settings
from testkit import bare_portals

SetFence = Callable[[str, int, str], Coroutine[Any, Any, None]]


@pytest.fixture(scope="session")
async def database(settings: Settings, portal_secrets: Secrets) -> AsyncIterator[Database]:
    host = settings.datacentres[0].address
    opened = Database(
        Address(host, settings.ports.mariadb, "portico_app", portal_secrets["db_password"]),
        bare_portals.BUSY,
    )
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
async def set_fence(settings: Settings) -> AsyncIterator[SetFence]:
    host = settings.datacentres[0].address
    password = kernel_secrets.load(settings.secrets_dir, "signup")["db_password"]
    control = Database(
        Address(host, settings.ports.mariadb, "portico_provision", password, "portico_fence"),
        bare_portals.BUSY,
    )
    await control.open()

    async def set_row(name: str, epoch: int, state: str) -> None:
        async with control.connection() as connection:
            await set_local(connection, name, epoch, state)

    yield set_row
    await control.close()


@pytest.fixture
async def owner(set_fence: SetFence, settings: Settings) -> Ownership:
    """A portal nobody else uses, open on this server."""
    portal = new_portal_id()
    await set_fence(portal_row(portal), 1, "open")
    side = settings.datacentres[0].name
    async with bare_portals.connected(settings, "portal", "portico_app") as database:
        return await bare_portals.ownership_of(database, PairId(1), side, portal)


@pytest.fixture
def other_portal() -> PortalId:
    return PortalId(secrets.randbits(62))
