"""Each thing that is wrong with the machine is told in one clear sentence."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cluster import marker, prechecks
from cluster.errors import ClusterError
from cluster.layout import Layout
from cluster.programs import all_programs

HOLD_A_PORT = """
import socket, sys
server = socket.create_server((sys.argv[1], int(sys.argv[2])))
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def var(layout: Layout) -> Path:
    layout.var.mkdir(parents=True)
    return layout.var


def test_a_machine_with_room_passes(layout: Layout) -> None:
    prechecks.check(layout, all_programs(layout))


def test_a_busy_port_is_named_with_its_holder(layout: Layout) -> None:
    host = layout.settings.door.address
    with socket.create_server((host, layout.settings.door.http)):
        words = _complaint(layout)

    assert f"needed and busy: {host}:{layout.settings.door.http} (" in words
    assert f"process {os.getpid()} (" in words


def test_a_port_that_another_cluster_holds_is_explained(layout: Layout, tmp_path: Path) -> None:
    port = str(layout.settings.door.http)
    other = {**os.environ, marker.VARIABLE: str(tmp_path / "other")}
    words = [sys.executable, "-c", HOLD_A_PORT, layout.settings.door.address, port]
    with subprocess.Popen(
        words, env=other, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        complaint = _complaint(layout)
        holder.communicate(timeout=30)

    assert f"another cluster of ours runs in {tmp_path / 'other'}: `make down`" in complaint


def test_little_disk_is_told(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prechecks, "DISK_BYTES", 10**18)

    assert "GB are free below" in _complaint(layout)


def test_little_memory_is_told(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prechecks, "MEMORY_BYTES", 2**60)

    assert "GiB of memory are available" in _complaint(layout)


def test_missing_packages_are_told_with_the_command(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    assert "sudo apt-get install --no-install-recommends ceph-mon ceph-osd" in _complaint(layout)


@pytest.mark.parametrize("name", ["with space", "x" * 100])
def test_a_path_that_servers_cannot_take_is_told(layout: Layout, name: str) -> None:
    bad = Layout(layout.settings.model_copy(update={"var": layout.var / name}), layout.file)
    bad.var.mkdir()

    assert str(bad.var) in _complaint(bad)


def _complaint(layout: Layout) -> str:
    with pytest.raises(ClusterError) as caught:
        prechecks.check(layout, all_programs(layout))
    return str(caught.value)
