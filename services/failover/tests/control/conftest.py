"""One real etcd for all tests here, emptied before each."""

from collections.abc import AsyncIterator, Iterator

import pytest

import etcd
from etcd import Client, Span
from testkit.etcd import Cluster, running
from testkit.patience import patient

from .stage import Stage


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running(tmp_path_factory.mktemp("etcd"), 1) as cluster:
        yield cluster


@pytest.fixture
async def client(cluster: Cluster) -> AsyncIterator[Client]:
    with patient():
        async with etcd.connect(cluster.urls) as client:
            await client.delete(Span("\x01", "\x7f"))
            yield client


@pytest.fixture
async def stage(client: Client) -> AsyncIterator[Stage]:
    """Three sites at peace; nobody runs yet."""
    async with Stage.opened(client) as stage:
        yield stage
