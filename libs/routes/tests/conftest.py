"""Real etcd and routing services, broken at will, and a scripted one: each test has its own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from routes import misses, source
from testkit import routing
from testkit.etcd import Cluster
from testkit.patience import patient
from testkit.routing import Installation

from .records import table
from .scripted import Scripted, serving


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[Installation, Cluster]]:
    with patient(), routing.running(tmp_path / "installation", is_patient=True) as running:
        yield running


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that is there is reached and takes a word, however busy the machine is."""
    monkeypatch.setattr(source, "CONNECT_SECONDS", 10.0)
    monkeypatch.setattr(source, "CONFIRMATION_SECONDS", 10.0)


@pytest.fixture
def patient_misses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a miss take its time: here it matters what is asked, not how soon."""
    monkeypatch.setattr(source, "ROUTE_SECONDS", 10)
    monkeypatch.setattr(misses, "MISS_SECONDS", 20)
    monkeypatch.setattr(misses, "UNKNOWN_SECONDS", 10)


@pytest.fixture
async def service() -> AsyncIterator[Scripted]:
    async with serving(table(1, 2)) as scripted:
        yield scripted
