"""Real etcd and routing services, broken at will, and a scripted one: each test has its own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from testkit import routing
from testkit.etcd import Cluster
from testkit.routing import Installation

from .records import table
from .scripted import Scripted, serving


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[Installation, Cluster]]:
    with routing.running(tmp_path / "installation") as running:
        yield running


@pytest.fixture
async def service() -> AsyncIterator[Scripted]:
    async with serving(table(1, 2)) as scripted:
        yield scripted
