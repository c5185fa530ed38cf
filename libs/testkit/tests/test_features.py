"""A row counts as shown if, and only if, a test of it ran and passed."""

import json
from pathlib import Path

import pytest

from testkit import cluster, features
from testkit.features import Evidence, Result

pytest_plugins = ["pytester"]

TESTS = """
import os
import pytest

@pytest.mark.feature("CRM-07", "CRM-10")
def test_import(): pass

@pytest.mark.feature("CRM-10")
def test_add_by_hand(): assert not os.environ.get("BROKEN")

@pytest.mark.skipif(bool(os.environ.get("NO_SERVER")), reason="no server")
@pytest.mark.feature("DISK-03")
@pytest.mark.parametrize("size", [1, 2])
def test_upload(size): pass

@pytest.mark.feature("DISK-14")
@pytest.mark.xfail(reason="not yet")
def test_quota(): raise AssertionError

def test_of_no_row(): pass
"""

in_one_process_and_in_many = pytest.mark.parametrize(
    "spread", [(), ("-p", "xdist", "-n2")], ids=["one process", "xdist"]
)


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A repository of four rows and six tests, with the plugin switched on."""
    for variable in ("PYTEST_ADDOPTS", cluster.VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # other plugins' imports take seconds
    pytester.makeini(
        "[pytest]\ntestpaths = tests\naddopts = -p testkit.features_plugin --strict-markers"
    )
    table = "id,area,statement,check\nCRM-07,CRM,Import,ok\nCRM-10,CRM,By hand,ok\n"
    (pytester.mkdir("docs") / "features.csv").write_text(
        table + "DISK-03,DISK,My drive,ok\nDISK-14,DISK,Quota,ok\n"
    )
    (pytester.mkdir("tests") / "test_all.py").write_text(TESTS)
    return pytester


def shown(project: pytest.Pytester) -> list[str]:
    return sorted(features.read_evidence(project.path / features.EVIDENCE).shown())


@in_one_process_and_in_many
def test_a_row_is_shown_by_a_test_that_passed(
    project: pytest.Pytester, spread: tuple[str, ...]
) -> None:
    project.runpytest_subprocess(*spread).assert_outcomes(passed=5, xfailed=1)

    assert shown(project) == ["CRM-07", "CRM-10", "DISK-03"]


@in_one_process_and_in_many
def test_one_failed_test_un_shows_its_row(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, spread: tuple[str, ...]
) -> None:
    project.runpytest_subprocess(*spread)
    monkeypatch.setenv("BROKEN", "1")
    project.runpytest_subprocess(*spread).assert_outcomes(passed=4, failed=1, xfailed=1)

    assert shown(project) == ["CRM-07", "DISK-03"]


def test_a_failed_clean_up_un_shows_the_row(project: pytest.Pytester) -> None:
    (project.path / "tests/test_more.py").write_text(
        "import pytest\n@pytest.fixture\ndef dirty():\n    yield\n    raise RuntimeError\n"
        "@pytest.mark.feature('CRM-07')\ndef test_it(dirty): pass\n"
    )
    project.runpytest_inprocess()

    assert "CRM-07" not in shown(project)


def test_a_partial_run_touches_only_the_tests_that_ran(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.runpytest_inprocess()
    monkeypatch.setenv("BROKEN", "1")

    project.runpytest_inprocess("tests/test_all.py::test_import")
    assert shown(project) == ["CRM-07", "CRM-10", "DISK-03"]

    project.runpytest_inprocess("-k", "by_hand")
    assert shown(project) == ["CRM-07", "DISK-03"]


def test_a_skipped_test_shows_nothing(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.runpytest_inprocess()
    monkeypatch.setenv("NO_SERVER", "1")

    project.runpytest_inprocess("tests/test_all.py")

    assert shown(project) == ["CRM-07", "CRM-10"]


def test_a_full_run_forgets_tests_that_are_gone(project: pytest.Pytester) -> None:
    project.runpytest_inprocess()
    (project.path / "tests/test_all.py").write_text("def test_of_no_row(): pass\n")

    project.runpytest_inprocess()

    assert shown(project) == []


def test_a_scenario_of_the_laboratory_stays_shown_until_it_fails(
    project: pytest.Pytester,
) -> None:
    features.note_scenario("cut-link", Result(passed=True, rows=("DISK-14",)), project.path)
    (project.path / "tests/test_all.py").write_text("def test_of_no_row(): pass\n")
    project.runpytest_inprocess()
    assert shown(project) == ["DISK-14"]

    features.note_scenario("cut-link", Result(passed=False, rows=("DISK-14",)), project.path)

    assert shown(project) == []


def test_a_run_that_stopped_early_is_no_full_run(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.runpytest_inprocess()
    monkeypatch.setenv("BROKEN", "1")

    project.runpytest_inprocess("-x")

    assert shown(project) == ["CRM-07", "DISK-03"]


def test_a_run_on_another_installation_is_not_the_last_word(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cluster.VARIABLE, "tests/portico.box.toml")
    project.runpytest_inprocess()

    assert shown(project) == []


@in_one_process_and_in_many
def test_an_unknown_row_fails_the_run(project: pytest.Pytester, spread: tuple[str, ...]) -> None:
    (project.path / "tests/test_typo.py").write_text(
        "import pytest\n@pytest.mark.skip\n@pytest.mark.feature('CRM-700')\ndef test_it(): pass\n"
    )
    result = project.runpytest_subprocess(*spread)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*docs/features.csv has no row CRM-700*"])


def test_the_table_counts_per_area_and_in_total(
    project: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    features.main([], project.path)
    assert capsys.readouterr().out.splitlines() == [
        "CRM      0 of   2",
        "DISK     0 of   2",
        "all      0 of   4",
        "Last run of all tests: none yet (make test).",
    ]

    project.runpytest_inprocess()
    capsys.readouterr()
    features.main([], project.path)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "CRM      2 of   2  CRM-07 CRM-10",
        "DISK     1 of   2  DISK-03",
        "all      3 of   4",
    ]


def test_what_is_missing_is_listed(
    project: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    project.runpytest_inprocess()
    capsys.readouterr()

    features.main(["--missing"], project.path)

    assert capsys.readouterr().out == "DISK-14   Quota\n"


def test_the_document_names_the_tests_of_each_row(
    project: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    project.runpytest_inprocess()
    capsys.readouterr()

    features.main(["--json"], project.path)

    document = json.loads(capsys.readouterr().out)
    assert (document["shown"], document["total"]) == (3, 4)
    assert document["areas"]["DISK"] == {"total": 2, "shown": 1}
    assert document["tests"]["CRM-07"] == ["tests/test_all.py::test_import"]
    assert document["missing"] == ["DISK-14"]


def test_a_run_killed_while_it_writes_leaves_the_old_evidence(tmp_path: Path) -> None:
    path = tmp_path / "var/features.json"
    result = {"tests/test_a.py::test_it": Result(passed=True, rows=("CRM-07",))}
    features.update_evidence(
        path, lambda old: old.after_full_run(result, "2026-01-01T00:00:00+00:00")
    )

    def die(old: Evidence) -> Evidence:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        features.update_evidence(path, die)
    assert features.read_evidence(path).tests == result
