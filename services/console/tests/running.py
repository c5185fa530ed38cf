"""Runs ``portico``: here, which is quick, or as a process of its own where it is to be interrupted."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from console.main import app

PORTICO = Path(sys.executable).with_name("portico")
LOOK_SECONDS = 40.0
WIDE = {"COLUMNS": "200", "TERMINAL_WIDTH": "200"}
"""So wide that nothing is wrapped."""


@dataclass(frozen=True)
class Ended:
    """What a command said, and its exit code."""

    returncode: int
    stdout: str
    stderr: str


def portico(*words: str) -> Ended:
    """Run it to its end in this process."""
    said, complained = StringIO(), StringIO()
    with (
        patch.dict(os.environ, WIDE),
        patch.object(sys, "argv", ["portico", *words]),
        redirect_stdout(said),
        redirect_stderr(complained),
        pytest.raises(SystemExit) as end,
    ):
        app()
    code = end.value.code
    return Ended(code if isinstance(code, int) else 0, said.getvalue(), complained.getvalue())


def begin(*words: str) -> "subprocess.Popen[str]":
    """Start it as a process that can be interrupted, even if we ourselves run in the background."""
    command = [str(PORTICO), *words]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # an ignored one is inherited
    try:
        return subprocess.Popen(  # noqa: S603  # ours
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | WIDE,
        )
    finally:
        signal.signal(signal.SIGINT, before)


def wait_until(holds: Callable[[], Any]) -> None:
    """Wait for what sends no event."""
    deadline = time.monotonic() + LOOK_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
