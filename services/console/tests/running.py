"""Runs ``portico`` as a process of its own, as an operator does."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PORTICO = Path(sys.executable).with_name("portico")
LOOK_SECONDS = 20.0


def portico(*words: str) -> "subprocess.CompletedProcess[str]":
    command = [str(PORTICO), *words]
    return subprocess.run(  # noqa: S603  # ours
        command, capture_output=True, text=True, timeout=60, check=False, env=wide()
    )


def begin(*words: str) -> "subprocess.Popen[str]":
    command = [str(PORTICO), *words]
    return subprocess.Popen(  # noqa: S603  # ours
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=wide()
    )


def wide() -> dict[str, str]:
    """Return an environment in which rich does not wrap its complaints."""
    return {**os.environ, "COLUMNS": "200", "TERMINAL_WIDTH": "200"}


def wait_until(holds: Callable[[], Any]) -> None:
    deadline = time.monotonic() + LOOK_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
