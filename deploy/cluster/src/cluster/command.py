"""Runs the servers' own administration programs."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from cluster.errors import ClusterError
from cluster.layout import REPOSITORY, Layout
from cluster.marker import environment

SECONDS = 120.0


def run(
    layout: Layout,
    words: Sequence[str | Path],
    *,
    user: str | None = None,
    variables: Mapping[str, str] = MappingProxyType({}),
    seconds: float = SECONDS,
) -> str:
    """Run a program to its end and return what it printed; raise with its last words if it failed.

    Never give it secrets: arguments are visible to everybody on the machine.
    """
    name = Path(words[0]).name
    try:
        done = subprocess.run(
            words,
            cwd=REPOSITORY,
            env=environment(layout, **variables),
            user=user,
            group=user,
            extra_groups=[] if user else None,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ClusterError(f"{name} did not end within {seconds:.0f} s") from error
    if done.returncode:
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-15:])
        raise ClusterError(f"{name} failed with status {done.returncode}:\n{tail}")
    return done.stdout
