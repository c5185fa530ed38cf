"""The real processes of three sites over a real etcd; no database answers them."""

from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

import etcd
from etcd import Client
from testkit.patience import patient

from .running import Installation, running


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with running(tmp_path_factory.mktemp("failover")) as installation:
        yield installation


@pytest.fixture
async def client(installation: Installation) -> AsyncIterator[Client]:
    with patient():
        async with etcd.connect(installation.settings.etcd_urls) as client:
            yield client


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
