"""Two signup nodes of the tests' own, one in each datacentre, on the servers of the running cluster."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

import etcd
from etcd import Client
from kernel import secrets
from kernel.settings import Settings
from signup import app
from signup.app import Parts
from testkit.etcd import Cluster, running
from testkit.patience import patient

from .traces import Inspector, inspecting


@pytest.fixture(scope="session")
def own_etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """For what needs nothing but etcd."""
    with running(tmp_path_factory.mktemp("etcd")) as cluster:
        yield cluster


@pytest.fixture
async def client(own_etcd: Cluster) -> AsyncIterator[Client]:
    with patient():
        async with etcd.connect(own_etcd.urls) as client:
            yield client


@dataclass(frozen=True, slots=True)
class Nodes:
    """Two nodes, the one of another datacentre if there is one. Their recovery does not run by itself."""

    dying: Parts
    other: Parts


@pytest.fixture
async def nodes(settings: Settings) -> AsyncIterator[Nodes]:
    """Give each test its own: it may break them."""
    role = secrets.load(settings.secrets_dir, "signup")
    first, last = settings.datacentres[0].name, settings.datacentres[-1].name
    async with AsyncExitStack() as stack:
        stack.enter_context(patient())
        dying = await stack.enter_async_context(app.opened(settings, role, site=first))
        other = await stack.enter_async_context(app.opened(settings, role, site=last))
        yield Nodes(dying, other)


@pytest.fixture(scope="session")
async def inspector(settings: Settings) -> AsyncIterator[Inspector]:
    async with inspecting(settings) as inspector:
        yield inspector
