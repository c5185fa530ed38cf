"""Loopback addresses of a test's own, so that real servers keep their real ports and never meet."""

import itertools
import os

_PROCESSES = 1 << 13
_IN_A_NETWORK = 254
_hosts = itertools.count()


def private(count: int) -> list[str]:
    """Return ``count`` addresses that no other test process uses; a process has four times 254 of them.

    They stay clear of 127.0, 127.10 and 127.11, where a machine's own servers and clusters live.
    """
    return [_address(next(_hosts)) for _ in range(count)]


def _address(number: int) -> str:
    process = os.getpid() % _PROCESSES
    network, host = divmod(number, _IN_A_NETWORK)
    return f"127.{64 + network * _PROCESSES // 256 + process // 256}.{process % 256}.{host + 1}"
