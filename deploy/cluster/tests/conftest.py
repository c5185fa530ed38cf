"""A layout of its own for each test: private addresses, a private folder."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cluster import certificate, configuration, secrets
from cluster.layout import TOPOLOGIES, Layout
from kernel import settings
from testkit import addresses

MakeLayout = Callable[[str, Path], Layout]


@pytest.fixture(scope="session")
def make_layout() -> MakeLayout:
    """Make a layout of a topology in a folder, at addresses of its own; nothing is written."""
    return _layout


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a name short enough for sockets, whatever the test is called."""
    return tmp_path_factory.mktemp("c")


@pytest.fixture(params=sorted(TOPOLOGIES))
def layout(request: pytest.FixtureRequest, folder: Path) -> Layout:
    """Either topology; nothing is written."""
    return _layout(request.param, folder)


@pytest.fixture
def full(folder: Path) -> Layout:
    """Two datacentres and a witness, with their configuration files."""
    layout = _layout("full", folder)
    prepare(layout)
    return layout


def prepare(layout: Layout) -> None:
    """Write what the servers read: secrets, the door's certificate, configuration."""
    layout.run.mkdir(parents=True)
    secrets.ensure(layout.settings.secrets_dir)
    certificate.ensure(layout)
    configuration.write(configuration.render(layout))


def _layout(topology: str, folder: Path) -> Layout:
    found = settings.load(TOPOLOGIES[topology])
    door, *hosts = addresses.private(1 + len(found.sites))
    sites = tuple(
        site.model_copy(update={"address": host})
        for site, host in zip(found.sites, hosts, strict=True)
    )
    away = {
        "sites": sites,
        "var": folder / "var",
        "door": found.door.model_copy(update={"address": door}),
    }
    return Layout(found.model_copy(update=away), TOPOLOGIES[topology])
