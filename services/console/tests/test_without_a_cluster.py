"""Every verb says in one sentence that there is nothing to speak to."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PORTICO = Path(sys.executable).with_name("portico")
SETTINGS = """
shared_site = "here"
sites = [{name = "here", kind = "datacentre", address = "127.0.0.1"}]
pairs = [{id = 1, sites = ["here"]}]
regions = {default = "here"}
"""


@pytest.mark.parametrize(
    "verb", ["status", "doctor", "portal list", "portal show acme", "webhook list --portal acme"]
)
def test_a_cluster_that_does_not_run_is_one_sentence(verb: str, tmp_path: Path) -> None:
    (tmp_path / "portico.toml").write_text(SETTINGS)

    done = _run(verb, tmp_path)

    assert done.returncode == 1
    assert done.stderr == "portico: the cluster does not run: `make up` starts it\n"


TWO_SITES = """
shared_site = "a"
sites = [{name = "a", kind = "datacentre", address = "127.0.0.1", id_offset = 1},
         {name = "b", kind = "datacentre", address = "127.0.0.1", id_offset = 2}]
pairs = [{id = 1, sites = ["a", "b"]}]
regions = {default = "a"}
ports = {failover = 1}
"""
OF_FAILOVER = [
    "switch portal 7 --to b",
    "switch pair 1 --to b",
    "switch dc a",
    "dc suspend a",
    "dc resume a",
    "dc force a",
    "compare",
    "late list 1",
    "late apply 1 --all",
]


@pytest.mark.parametrize("verb", OF_FAILOVER)
def test_silence_of_all_failover_services_is_one_sentence(verb: str, tmp_path: Path) -> None:
    (tmp_path / "portico.toml").write_text(TWO_SITES)
    (tmp_path / "var" / "secrets").mkdir(parents=True)
    secret = tmp_path / "var" / "secrets" / "operator.json"
    secret.write_text('{"internal_token": "x"}')
    secret.chmod(0o600)

    done = _run(verb, tmp_path)

    assert done.returncode == 1
    (line,) = (done.stdout + done.stderr).splitlines()
    assert "no failover service answers at http://127.0.0.1:1" in line


@pytest.mark.parametrize("verb", OF_FAILOVER)
def test_with_one_datacentre_there_is_nothing_to_switch(verb: str, tmp_path: Path) -> None:
    (tmp_path / "portico.toml").write_text(SETTINGS)

    done = _run(verb, tmp_path)

    assert done.returncode == 1
    assert done.stderr == (
        "portico: this installation has one datacentre: there is nothing to switch\n"
    )


def test_settings_that_make_no_sense_are_told_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "portico.toml").write_text("shared_site = 7")

    done = _run("status", tmp_path)

    assert done.returncode == 1
    assert done.stderr.startswith("portico: portico.toml cannot be used: ")
    assert "Traceback" not in done.stderr


def test_a_folder_without_settings_is_one_sentence(tmp_path: Path) -> None:
    done = _run("status", tmp_path)

    assert done.returncode == 1
    assert "no settings file here" in done.stderr
    assert done.stderr.count("\n") == 1


def _run(verb: str, folder: Path) -> subprocess.CompletedProcess[str]:
    bare = {name: value for name, value in os.environ.items() if name != "PORTICO_SETTINGS"}
    return subprocess.run(  # noqa: S603  # our own command
        [str(PORTICO), *verb.split()],
        cwd=folder,
        env=bare,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
