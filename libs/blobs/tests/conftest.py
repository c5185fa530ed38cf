"""One real S3 server for the run; each test has an account of its own in it."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest

from blobs.bucket import Bucket
from blobs.keys import Account
from blobs.provisioning import RadosGateway
from blobs.store import Store, connect
from blobs.wire import Timeouts
from kernel.ids import PortalId
from testkit.s3 import Gateway, s3

__all__ = ["s3"]

_portals = itertools.count(1)


@pytest.fixture(scope="session")
async def store(s3: Gateway) -> AsyncIterator[Store]:
    async with connect(s3.url) as store:
        yield store


@pytest.fixture
async def impatient_store(s3: Gateway) -> AsyncIterator[Store]:
    async with connect(s3.url, Timeouts(connect=1.0, silence=1.0, call=2.0)) as store:
        yield store


@pytest.fixture(scope="session")
def admin(s3: Gateway, store: Store) -> RadosGateway:
    return RadosGateway(store, s3.admin)


@pytest.fixture
def portal() -> PortalId:
    """A portal that no other test uses."""
    return PortalId(next(_portals))


@pytest.fixture
def new_account(admin: RadosGateway) -> Callable[[], Awaitable[Account]]:
    return lambda: admin.create(PortalId(next(_portals)))


@pytest.fixture
async def account(new_account: Callable[[], Awaitable[Account]]) -> Account:
    return await new_account()


@pytest.fixture
def bucket(store: Store, account: Account) -> Bucket:
    return Bucket(store, account)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that knows no key: it has only the URLs it was given."""
    async with aiohttp.ClientSession() as session:
        yield session
