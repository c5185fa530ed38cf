"""One agent per server: a file lock, which the kernel gives back however the holder dies."""

import contextlib
import fcntl
from collections.abc import Iterator

from kernel.settings import Settings


class SecondAgentError(Exception):
    """Another agent of this site runs."""


@contextlib.contextmanager
def sole_agent(settings: Settings, site: str) -> Iterator[None]:
    """Be the only agent of the site, or raise ``SecondAgentError``.

    A safe restart cannot ask a server that is down whether it has obeyed a newer agent (ADR 0014).
    """
    folder = settings.data_dir(site, "failover")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "agent.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SecondAgentError(f"another agent of {site} runs") from None
        yield
