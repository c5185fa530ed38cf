"""Runs the machine's own programs for networks and mounts."""

import subprocess

from laboratory.errors import LaboratoryError

SECONDS = 10.0


def run(*words: str, stdin: str | None = None) -> str:
    """Run a program to its end; what it says is the error if it fails."""
    try:
        done = subprocess.run(
            words, input=stdin, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LaboratoryError(f"{words[0]}: {error}") from error
    if done.returncode:
        raise LaboratoryError(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def succeeds(*words: str) -> bool:
    """Whether a program can be run to a good end."""
    try:
        run(*words)
    except LaboratoryError:
        return False
    return True
