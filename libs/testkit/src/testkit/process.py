"""A server that a test runs: started, killed, frozen, and always ended."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

TERMINATION_SECONDS = 20.0


class Process:
    """One process in the foreground; what it says on standard error goes to ``log``."""

    def __init__(
        self, command: Sequence[str], log: Path, variables: Mapping[str, str] | None = None
    ) -> None:
        self._command = tuple(command)
        self._log = log
        self._variables = dict(variables or {})
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; whether it serves already is another question."""
        assert self._running is None, "already running"  # a test's own mistake
        environment = {**os.environ, **self._variables}
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(self._command, env=environment, stderr=log)  # noqa: S603  # our own arguments

    @property
    def has_ended(self) -> bool:
        """Tell whether it does not run, by whosever hand."""
        return self._running is None or self._running.poll() is not None

    def kill(self) -> None:
        """End it without a chance to say good-bye; nothing happens if it does not run."""
        if self._running is not None:
            self._running.kill()
            self._running.wait()
            self._running = None

    def terminate(self) -> int:
        """Ask it to end, and return its exit status."""
        running = self._get()
        running.terminate()
        status = running.wait(TERMINATION_SECONDS)
        self._running = None
        return status

    def freeze(self) -> None:
        """Stop it in its tracks: its connections stay open and silent."""
        self._get().send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._get().send_signal(signal.SIGCONT)

    def _get(self) -> subprocess.Popen[bytes]:
        assert self._running is not None, "not running"  # a test's own mistake
        return self._running
