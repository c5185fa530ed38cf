"""A real pair of masters, with the hands and eyes of both of its agents, and an etcd with its record."""

from collections.abc import AsyncIterator, Iterator

import pytest

from testkit import etcd, mariadb
from testkit.etcd import Cluster
from testkit.mariadb import Masters

from .scene import PEACE, Scene, in_service, record


@pytest.fixture(scope="session")
def masters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Masters]:
    with mariadb.running(tmp_path_factory.mktemp("masters")) as running:
        yield running


@pytest.fixture(scope="session")
def ownership(masters: Masters, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The member of the witness, alone."""
    witness = masters.settings.sites[2].address
    with etcd.running(tmp_path_factory.mktemp("ownership"), [witness]) as running:
        yield running


@pytest.fixture
async def scene(masters: Masters, ownership: Cluster) -> AsyncIterator[Scene]:
    """Both servers in service; what a test did to them is undone for the next."""
    async with in_service(masters, await record(masters.settings, PEACE)) as scene:
        yield scene
