"""One ``up`` or ``down`` at a time per cluster."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from cluster.errors import ClusterError
from cluster.layout import Layout
from cluster.progress import Progress


@contextlib.contextmanager
def exclusive(layout: Layout, progress: Progress) -> Iterator[None]:
    """Hold the cluster's lock; wait, saying so, while another process holds it.

    The kernel lets go of it when the holder dies, however it dies.
    """
    with _open(layout.run) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            progress.say(f"process {file.read().strip()} is bringing it up or down: waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _open(folder: Path) -> TextIO:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        return (folder / "lock").open("a+")
    except PermissionError as error:
        raise ClusterError(
            f"{folder} belongs to another user: run this as the one who started the cluster"
        ) from error
