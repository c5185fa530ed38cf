"""Tests on the cluster run one after the other; beside them run those that do not need it."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

TESTS = """
import os
import pytest

@pytest.mark.parametrize("n", range(4))
def test_it(n): print("NAME", os.environ["PYTEST_XDIST_WORKER"])
"""
FILES = {
    "services/portal/tests/test_leads.py": "cluster",
    "tests/e2e/test_demo.py": "cluster",
    "libs/web/tests/test_app.py": "app",
    "services/routing/tests/test_claims.py": "routing",
    "services/routing/tests/test_nodes.py": "routing",
    "services/failover/tests/test_simulation.py": "simulation",
}


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Some files, none of which really needs a server."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # other plugins' imports take seconds
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    for file, name in FILES.items():
        _write(pytester.path / file, TESTS.replace("NAME", name))
    return pytester


def test_each_group_stays_in_one_process(project: pytest.Pytester) -> None:
    ran = project.runpytest_subprocess(
        *("-p", "testkit.spread", "-p", "xdist", "-n", "3", "-rP", "--import-mode=importlib")
    )

    ran.assert_outcomes(passed=24)
    places = {tuple(line.split()) for line in ran.outlines if " gw" in line and line[0] != "["}
    assert sorted(name for name, _ in places) == ["app", "cluster", "routing", "simulation"]


def test_who_uses_the_cluster_from_beside_is_told(project: pytest.Pytester) -> None:
    fixture = "@pytest.fixture\ndef settings(): ...\ndef test_on_it(settings): ...\n"
    _write(project.path / "libs/web/tests/test_app.py", TESTS + fixture)

    ran = project.runpytest_subprocess("-p", "testkit.spread", "--import-mode=importlib")

    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stderr.fnmatch_lines(["*test_on_it uses the cluster: see testkit.spread*"])


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
