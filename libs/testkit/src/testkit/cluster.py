"""The running cluster that tests talk to: started once for a run, ended with it.

``PORTICO_TEST_SETTINGS`` names another settings file, say that of the box; a cluster that runs already is
used as it is and left running.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kernel import secrets as kernel_secrets
from kernel.secrets import Secrets
from kernel.settings import SETTINGS_VARIABLE, Settings, load

ROOT = Path(__file__).parents[4]
VARIABLE = "PORTICO_TEST_SETTINGS"
DEFAULT = ROOT / "tests" / "portico.toml"
START_SECONDS = 180


@pytest.fixture(scope="session")
def settings() -> Iterator[Settings]:
    """The installation under test, up and healthy."""
    path = Path(os.environ.get(VARIABLE, DEFAULT)).resolve()
    os.environ[SETTINGS_VARIABLE] = str(path)
    with running(path) as installation:
        yield installation


@contextmanager
def running(path: Path) -> Iterator[Settings]:
    """Lend the installation of a settings file; one that runs already is left running."""
    installation = load(path)
    was_running = (installation.var / "run" / "supervisor.sock").exists()
    if not _cluster("up", path, "--fast"):
        # one that was started from an older configuration: it is ours, so it may go
        _cluster("down", path)
        assert _cluster("up", path, "--fast"), "the cluster does not start; see above"
    try:
        yield installation
    finally:
        if not was_running:
            _cluster("down", path)


@pytest.fixture(scope="session")
def portal_secrets(settings: Settings) -> Secrets:
    """The secrets of a web node, for tests that stand in its place."""
    return kernel_secrets.load(settings.secrets_dir, "portal")


def _cluster(verb: str, settings_file: Path, *options: str) -> bool:
    command = [sys.executable, "-m", "cluster", verb, "--settings", str(settings_file), *options]
    done = subprocess.run(command, timeout=START_SECONDS, check=False, cwd=ROOT)  # noqa: S603  # ours
    return done.returncode == 0
