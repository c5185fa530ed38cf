"""A portal of a test's own, a receiver outside, and a web node's own means to look behind it."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from kernel.secrets import Secrets
from kernel.settings import Settings
from portal import resources
from portal.context import RequestContext
from testkit import addresses
from testkit.portals import SignUp, TestPortal, route_of

from .receivers import PORT, Receiver


@pytest.fixture
async def portal(new_portal: SignUp) -> TestPortal:
    """A portal of the test's own."""
    return await new_portal(region="ru")


@pytest.fixture
async def context(
    settings: Settings, portal_secrets: Secrets, portal: TestPortal
) -> AsyncIterator[RequestContext]:
    """What a web node of the home datacentre would know of a request."""
    opening = resources.opened(settings, portal_secrets, site=portal.home_dc, node="portal-91")
    async with opening as opened:
        route = await route_of(portal, opened.routes)
        yield RequestContext(route, opened, "en")


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A server that takes whatever it is told."""
    made = Receiver(addresses.private(1)[0])
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", made.serve)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, made.host, PORT).start()
    yield made
    await runner.cleanup()
