"""What the clients have shown, told at the end of the run."""

from collections.abc import Callable

import pytest

Report = Callable[[str], None]
_LINES = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin with nothing to tell."""
    config.stash[_LINES] = []


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Tell it."""
    if lines := config.stash[_LINES]:
        terminalreporter.section("public clients")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def report(pytestconfig: pytest.Config) -> Report:
    """Keeps lines for the end of the run."""
    return pytestconfig.stash[_LINES].append
