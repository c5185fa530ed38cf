"""The doctor's findings are sentences with a remedy."""

from pathlib import Path
from typing import Any

import pytest

from console import doctor
from console.installation import Installation
from console.processes import Process
from console.status import Status
from kernel.settings import Settings

WELL = {"id": 1, "mode": "SYNC", "term": 1, "lag_ms": 0.4}


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    sites = [
        {"name": name, "kind": "datacentre", "address": "127.0.0.1", "id_offset": number}
        for number, name in enumerate(("dc-a", "dc-b"), 1)
    ]
    pair = {"id": 1, "sites": ["dc-a", "dc-b"]}
    return Installation(
        Settings.model_validate(
            {
                "var": tmp_path,
                "sites": sites,
                "pairs": [pair],
                "shared_site": "dc-a",
                "regions": {"default": "dc-a"},
            }
        )
    )


def test_nothing_is_wrong_with_a_healthy_installation(installation: Installation) -> None:
    assert doctor.findings(installation, _status()) == []


def test_a_process_that_does_not_run_is_named_with_its_log(installation: Installation) -> None:
    (finding,) = doctor.findings(installation, _status(processes=[_process(pid=None)]))

    assert finding.wrong == "signup in dc-a does not run (supervisord says BACKOFF)"
    assert str(installation.logs / "dc-a-signup.log") in finding.remedy


def test_a_process_that_does_not_answer_is_named_with_its_address(
    installation: Installation,
) -> None:
    (finding,) = doctor.findings(installation, _status(processes=[_process(pid=7)]))

    assert finding.wrong == "signup in dc-a runs as process 7 but does not answer at 127.0.0.1:1"


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ({"lag_ms": None}, "does not apply what the other wrote"),
        ({"lag_ms": 900.0}, "one side is 900 ms behind the other"),
        ({"mode": "SOLO"}, "pair 1 is SOLO: new writes are in one datacentre only"),
    ],
)
def test_a_pair_that_is_not_safe_is_told(
    installation: Installation, pair: dict[str, Any], words: str
) -> None:
    (finding,) = doctor.findings(installation, _status(pairs=[WELL | pair]))

    assert words in finding.wrong


def test_silence_of_the_routing_service_is_told(installation: Installation) -> None:
    silent = _status(portals={"total": None, "by_owner": {}})

    (finding,) = doctor.findings(installation, silent)

    assert "the routing service does not answer" in finding.wrong


def _process(pid: int | None) -> Process:
    return Process(
        name="signup", dc="dc-a", pid=pid, address="127.0.0.1:1", healthy=False, state="BACKOFF"
    )


def _status(**known: Any) -> Status:
    well: dict[str, Any] = {
        "processes": [],
        "pairs": [WELL],
        "portals": {"total": 0, "by_owner": {}},
        "memory_bytes": 0,
    }
    return Status(**(well | known))
