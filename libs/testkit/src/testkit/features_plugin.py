"""Pytest plugin: remembers in var/features.json which rows of docs/features.csv were shown to work.

A test names its rows with ``@pytest.mark.feature("CRM-07", ...)``. It shows them if it ran and passed;
a row that is not in the table fails the test. Works under xdist: the workers run the tests and send
the rows along with their reports, the controller writes.
"""

import os
from datetime import UTC, datetime

import pytest

from testkit import cluster
from testkit.features import (
    EVIDENCE,
    SPECIFICATION,
    Evidence,
    Result,
    read_rows,
    update_evidence,
)

MARKER = "feature"

# a run narrowed by one of these does not speak for the tests it left out
NARROWING = (
    "keyword",
    "markexpr",
    "deselect",
    "lf",
    "stepwise",
    "ignore",
    "ignore_glob",
    "collectonly",
)


def pytest_configure(config: pytest.Config) -> None:
    """Describe the marker and start recording."""
    config.addinivalue_line(
        "markers", f"{MARKER}(id, ...): the rows of {SPECIFICATION} that this test shows to work"
    )
    config.pluginmanager.register(Recorder(config), Recorder.__name__)


class Recorder:
    """Checks the markers where tests run, and collects the results where the run is controlled."""

    def __init__(self, config: pytest.Config) -> None:
        self._known = {row.id for row in read_rows(config.rootpath / SPECIFICATION)}
        self._evidence = config.rootpath / EVIDENCE
        # a worker leaves it to the controller; another installation (the box) is not the last word
        self._records = not hasattr(config, "workerinput") and cluster.VARIABLE not in os.environ
        self._results: dict[str, Result] = {}
        self._skipped: set[str] = set()

    @pytest.hookimpl(tryfirst=True)  # before skipif: a wrong id is wrong on every machine
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Refuse an unknown row; attach the known ones to the reports of this test."""
        rows = [row for marker in item.iter_markers(MARKER) for row in marker.args]
        unknown = [row for row in rows if row not in self._known]
        if unknown:
            pytest.fail(f"{SPECIFICATION} has no row {', '.join(map(str, unknown))}", pytrace=False)
        item.user_properties.extend((MARKER, row) for row in rows)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take one phase (setup, call, teardown) of one test; a test passes if none fails."""
        rows = tuple(str(row) for name, row in report.user_properties if name == MARKER)
        if not rows:
            return
        if report.skipped:
            self._skipped.add(report.nodeid)
        elif report.failed or report.when == "call":
            self._results[report.nodeid] = Result(report.passed, rows)

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write what this run showed."""
        if not self._records:
            return
        if _ran_everything(session, exitstatus):
            now = datetime.now(UTC).isoformat(timespec="seconds")
            update_evidence(self._evidence, lambda old: old.after_full_run(self._results, now))
        elif self._results or self._skipped:
            update_evidence(self._evidence, self._after_partial_run)

    def _after_partial_run(self, old: Evidence) -> Evidence:
        return old.after_partial_run(self._results, self._skipped)


def _ran_everything(session: pytest.Session, exitstatus: int) -> bool:
    config = session.config
    narrowed = any(getattr(config.option, name, None) for name in NARROWING)
    ended_early = session.shouldstop or session.shouldfail
    return (
        config.args_source is pytest.Config.ArgsSource.TESTPATHS
        and not narrowed
        and not ended_early
        and exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}
    )
