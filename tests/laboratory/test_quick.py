"""The quick profile of the fault laboratory: a killed master, a cut link, a switch, a zombie, a new version.

Played once for all tests here. How long things took is judged by ``make failover-test``, on a machine that
does nothing else; here is judged what may never happen, on any machine.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kernel.settings import load
from laboratory import network, results
from laboratory.errors import LaboratoryError
from laboratory.results import Result

ROOT = Path(__file__).parents[2]
SETTINGS = Path(__file__).parent / "portico.toml"
SECONDS = 600


@pytest.fixture(scope="module")
def played() -> dict[str, Result]:
    """What came of each scenario."""
    try:
        network.check()
    except LaboratoryError as error:
        pytest.skip(str(error))
    kept = load(SETTINGS).var / "runs" / "results.jsonl"
    before = len(results.read(kept))
    words = (sys.executable, "-m", "laboratory", "--profile", "quick", "--settings", str(SETTINGS))
    subprocess.run(words, cwd=ROOT, timeout=SECONDS, check=False)
    return {result.scenario: result for result in results.read(kept)[before:]}


def broken(result: Result) -> list[str]:
    """Say what may never happen and did."""
    rows = [
        f"{row.what}: {row.measured} instead of {row.asked}"
        for row in result.rows
        if row.is_kept is False and not row.is_of_time
    ]
    return [*rows, *([result.error] if result.error else [])]


@pytest.mark.timeout(SECONDS + 30)
def test_a_portal_is_switched_under_load_and_no_request_fails(played: dict[str, Result]) -> None:
    assert broken(played["switch-portal"]) == []


@pytest.mark.timeout(SECONDS + 30)
@pytest.mark.feature("ARCH-09", "ARCH-39")
def test_a_killed_master_is_replaced_without_loss_and_takes_no_write_when_it_returns(
    played: dict[str, Result],
) -> None:
    assert broken(played["zombie-restart"]) == []


@pytest.mark.timeout(SECONDS + 30)
def test_a_cut_link_switches_nothing_and_both_databases_become_equal(
    played: dict[str, Result],
) -> None:
    assert broken(played["cut-link"]) == []


@pytest.mark.timeout(SECONDS + 30)
@pytest.mark.feature("ARCH-35")
def test_writers_in_a_datacentre_cut_off_from_all_are_refused(played: dict[str, Result]) -> None:
    assert broken(played["zombie-cut-off"]) == []


@pytest.mark.timeout(SECONDS + 30)
def test_whoever_mends_a_fault_says_so_in_the_log(played: dict[str, Result]) -> None:
    faults = {"zombie-restart", "cut-link", "zombie-cut-off"}
    assert played.keys() >= faults
    log = load(SETTINGS).var / "log"
    lines = [
        json.loads(line)
        for file in log.glob("*-failover.log*")
        for line in file.read_text().splitlines()
        if line.startswith("{")
    ]
    changes = sorted(
        (line["at"], line["mode"], line["message"])
        for line in lines
        if line["logger"] == "failover.control.controller" and "revision" in line
    )

    told = [f"{mode}: {why}" for _, mode, why in changes]
    assert len([t for t in told if t.endswith(": dc-b takes over")]) >= 2, told
    assert any(t.startswith("SPLIT: ") for t in told), told
    assert told[-1].startswith("SYNC: "), told


@pytest.mark.timeout(SECONDS + 30)
@pytest.mark.feature("ARCH-42")
def test_databases_are_replaced_one_after_the_other_and_no_request_fails(
    played: dict[str, Result],
) -> None:
    assert broken(played["new-version"]) == []
