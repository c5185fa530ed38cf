"""Processes of a cluster are found by their mark, and nobody else's are touched."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cluster import marker
from cluster.layout import Layout

SLEEP = "import time; print('ready', flush=True); time.sleep(60)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEP


def test_what_the_cluster_started_is_found_and_ended(full: Layout) -> None:
    with _process(full, SLEEP) as ours:
        assert [p.pid for p in marker.survivors(full)] == [ours.pid]
        assert marker.end(full) == []
        assert ours.wait(20) != 0


def test_who_does_not_listen_is_killed(full: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marker, "TERM_SECONDS", 0.2)
    with _process(full, DEAF) as ours:
        assert marker.end(full) == []
        assert ours.wait(20) == -9


def test_another_cluster_is_left_alone(full: Layout, tmp_path: Path) -> None:
    elsewhere = full.settings.model_copy(update={"var": tmp_path / "elsewhere"})
    with _process(Layout(elsewhere, full.file), SLEEP) as theirs:
        assert marker.survivors(full) == []
        marker.end(full)
        assert theirs.poll() is None


def test_what_descends_from_the_supervisor_is_left_alone(full: Layout) -> None:
    with _process(full, SLEEP) as ours:
        assert marker.end(full, but_under=os.getpid()) == []
        assert ours.poll() is None


@contextmanager
def _process(layout: Layout, code: str) -> Iterator[subprocess.Popen[bytes]]:
    words = [sys.executable, "-c", code]
    environment = marker.environment(layout)
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()
