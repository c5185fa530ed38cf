"""What the operator sees of a running cluster."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kernel.settings import Settings
from testkit.portals import TestPortal

pytestmark = pytest.mark.cluster
SETTLED_SECONDS = 40.0
PORTICO = Path(sys.executable).with_name("portico")


def test_status_tells_every_process_with_its_address(settings: Settings) -> None:
    found = _settled("status", lambda status: all(p["healthy"] for p in status["processes"]))

    assert set(found) == {"processes", "pairs", "portals", "failover", "door"}
    for process in found["processes"]:
        assert set(process) == {"name", "dc", "pid", "address", "healthy"}
    names = {(p["dc"], p["name"]) for p in found["processes"]}
    for site in settings.datacentres:
        for name in ("mariadb", "etcd", "memcached", "haproxy", "routing", "signup", "portal-1"):
            assert (site.name, name) in names
    assert all(p["healthy"] and p["pid"] for p in found["processes"])


def test_status_tells_mode_and_lag_of_each_pair(settings: Settings) -> None:
    pairs = _settled("status", lambda status: all(_keeps_up(p) for p in status["pairs"]))["pairs"]

    assert [pair["id"] for pair in pairs] == [pair.id for pair in settings.pairs]
    for pair, known in zip(pairs, settings.pairs, strict=True):
        assert set(pair) == {"id", "mode", "term", "lag_ms"}
        assert pair["mode"] == ("SYNC" if len(known.sites) > 1 else "SOLO")
        assert 0 <= pair["lag_ms"] < 2000


def test_status_passes_on_what_the_failover_says(settings: Settings) -> None:
    failover = _json("status")["failover"]

    if len(settings.datacentres) == 1:
        assert failover is None
    else:
        assert failover["leader"]["site"] in {site.name for site in settings.sites}
        assert [pair["id"] for pair in failover["pairs"]] == [pair.id for pair in settings.pairs]


def test_status_tells_how_long_the_certificate_is_good_for(settings: Settings) -> None:
    door = _json("status")["door"]

    assert door["url"] == f"https://{settings.door.address}:{settings.door.https}"
    assert door["fault"] is None
    left = datetime.fromisoformat(door["certificate_ends_at"]) - datetime.now(UTC)
    assert timedelta(days=29) < left <= timedelta(days=90)


def test_portals_are_counted_by_owner(settings: Settings, acme: TestPortal) -> None:
    portals = _json("status")["portals"]

    assert set(portals["by_owner"]) == {site.name for site in settings.datacentres}
    assert portals["total"] == sum(portals["by_owner"].values()) > 0


def test_a_healthy_cluster_needs_no_doctor(settings: Settings) -> None:
    assert _settled("doctor", lambda told: not told["findings"]) == {"findings": []}


def test_a_portal_that_does_not_exist_is_said_in_one_sentence(settings: Settings) -> None:
    done = _run("portal", "show", "nobody-has-this-name")

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "there is no portal 'nobody-has-this-name'" in done.stderr


def _keeps_up(pair: Any) -> bool:
    return pair["lag_ms"] is not None and pair["lag_ms"] < 2000


def _settled(verb: str, is_well: Callable[[Any], bool]) -> Any:
    """Return what is told once all is well: a busy machine may keep a probe from its answer."""
    deadline = time.monotonic() + SETTLED_SECONDS
    while not is_well(found := _json(verb)) and time.monotonic() < deadline:
        time.sleep(0.5)
    return found


def _json(*words: str) -> Any:
    done = _run(*words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [str(PORTICO), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603  # ours
