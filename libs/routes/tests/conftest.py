"""Real etcd and routing services, broken at will: each test has its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from testkit import routing
from testkit.etcd import Cluster
from testkit.routing import Installation


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[Installation, Cluster]]:
    with routing.running(tmp_path / "installation") as running:
        yield running
