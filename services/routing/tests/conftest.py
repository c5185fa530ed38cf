"""Real etcd and two real routing services for the whole run; a test that breaks them starts its own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from testkit import routing
from testkit.etcd import Cluster
from testkit.patience import patient
from testkit.routing import Installation

from .calls import Api, opened


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    directory = tmp_path_factory.mktemp("routing")
    with routing.running(directory, is_patient=True) as (installation, _):
        yield installation


@pytest.fixture
async def api(shared: Installation) -> AsyncIterator[Api]:
    """The service of dc-a."""
    async with opened(shared.urls[0]) as api:
        yield api


@pytest.fixture
async def other_api(shared: Installation) -> AsyncIterator[Api]:
    """The service of dc-b."""
    async with opened(shared.urls[1]) as api:
        yield api


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[Installation, Cluster]]:
    """That of a test which breaks it, or counts what is in it."""
    with patient(), routing.running(tmp_path, is_patient=True) as running:
        yield running


@pytest.fixture
async def own_api(own: tuple[Installation, Cluster]) -> AsyncIterator[Api]:
    async with opened(own[0].urls[0]) as api:
        yield api


@pytest.fixture
def host() -> str:
    """A host that no other test uses."""
    return f"h{uuid4().hex[:12]}"
