"""One real cluster of three members for the whole run; a test that breaks one starts its own."""

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

import etcd
from etcd import Client
from testkit.etcd import Cluster, running
from testkit.patience import patient


@pytest.fixture(scope="session")
def shared_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running(tmp_path_factory.mktemp("etcd"), 3) as cluster:
        yield cluster


@pytest.fixture
def own_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running(tmp_path_factory.mktemp("etcd"), 3) as cluster:
        yield cluster


@pytest.fixture
async def client(shared_cluster: Cluster) -> AsyncIterator[Client]:
    """Of a cluster that is well, however long its answers take."""
    with patient():
        async with etcd.connect(shared_cluster.urls) as client:
            yield client


@pytest.fixture
def patience() -> Iterator[None]:
    """For a cluster of the test's own that is well, too."""
    with patient():
        yield


@pytest.fixture
async def own_client(own_cluster: Cluster) -> AsyncIterator[Client]:
    async with etcd.connect(own_cluster.urls) as client:
        yield client


@pytest.fixture
def folder() -> str:
    """A prefix that no other test uses."""
    return f"test/{uuid4().hex}/"
