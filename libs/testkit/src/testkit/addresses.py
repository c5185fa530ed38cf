"""Loopback addresses of a test's own, so that real servers keep their real ports and never meet."""

import itertools
import os

_PROCESSES = 1 << 15
_hosts = itertools.count(1)


def private(count: int) -> list[str]:
    """Return ``count`` addresses that no other test process uses; a process has 254 of them.

    They stay clear of 127.0, 127.10 and 127.11, where a machine's own servers and clusters live.
    """
    process = os.getpid() % _PROCESSES
    network = f"127.{64 + process // 256}.{process % 256}"
    return [f"{network}.{next(_hosts)}" for _ in range(count)]
