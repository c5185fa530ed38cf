"""A portal with an empty drive, and a web node's own means to look behind it."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from sqlalchemy import bindparam, insert, update

from blobs.bucket import Bucket
from db.statements import Statement
from kernel.secrets import Secrets
from kernel.settings import Settings
from portal import resources
from portal.context import RequestContext
from portal.modules.drive import wiring
from portal.modules.licence.tables import licences, plans
from testkit.portals import SignUp, TestPortal, node_urls, route_of

ADD_PLAN = Statement(
    insert(plans), columns=("code", "position", "price", "currency", "users", "storage_bytes")
)
CHOOSE_PLAN = Statement(
    update(licences)
    .where(licences.c.portal_id == bindparam("portal_id"))
    .values(plan=bindparam("new_plan"))
)

SetLimit = Callable[[int], Awaitable[None]]


@pytest.fixture
async def portal(new_portal: SignUp) -> TestPortal:
    """A portal of the test's own."""
    return await new_portal(region="ru")


@pytest.fixture
async def client(portal: TestPortal) -> httpx.AsyncClient:
    """Its administrator, at the front door."""
    return portal.client


@pytest.fixture
async def nodes(settings: Settings, portal: TestPortal) -> AsyncIterator[list[httpx.AsyncClient]]:
    """The administrator at each web node of the home datacentre."""
    clients = [portal.at(url) for url in node_urls(settings, portal.home_dc)]
    yield clients
    for one in clients:
        await one.aclose()


@pytest.fixture
async def context(
    settings: Settings, portal_secrets: Secrets, portal: TestPortal
) -> AsyncIterator[RequestContext]:
    """What a web node of the home datacentre would know of a request."""
    opening = resources.opened(settings, portal_secrets, site=portal.home_dc, node="portal-90")
    async with opening as opened:
        route = await route_of(portal, opened.routes)
        yield RequestContext(route, opened, "en")


@pytest.fixture
async def bucket(context: RequestContext) -> Bucket:
    """The portal's bucket."""
    async with context.reading() as session:
        return await wiring.bucket_of(context.resources, session)


@pytest.fixture
async def set_limit(context: RequestContext) -> SetLimit:
    """Give the portal a plan with so many bytes for files."""

    async def choose(size: int) -> None:
        code = f"test-{secrets.token_hex(6)}"
        async with context.writing() as session:
            await session.insert(
                ADD_PLAN,
                code=code,
                position=99,
                price=0,
                currency="RUB",
                users=None,
                storage_bytes=size,
            )
            await session.change(CHOOSE_PLAN, new_plan=code)

    return choose


@pytest.fixture
def portal_user(portal: TestPortal) -> int:
    """The administrator's id."""
    return portal.user_id
