"""The quick profile of the fault laboratory: one killed master, one cut link, one switch, one zombie.

Played once for all tests here. How long things took is judged by ``make failover-test``, on a machine that
does nothing else; here is judged what may never happen, on any machine.
"""

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
@pytest.mark.feature("ARCH-39")
def test_a_killed_master_is_replaced_and_nothing_acknowledged_is_lost(
    played: dict[str, Result],
) -> None:
    assert broken(played["kill-master"]) == []


@pytest.mark.timeout(SECONDS + 30)
def test_a_cut_link_switches_nothing_and_both_databases_become_equal(
    played: dict[str, Result],
) -> None:
    assert broken(played["cut-link"]) == []


@pytest.mark.timeout(SECONDS + 30)
@pytest.mark.feature("ARCH-35")
def test_writers_in_a_datacentre_cut_off_from_all_are_refused(played: dict[str, Result]) -> None:
    assert broken(played["zombie-cut-off"]) == []
