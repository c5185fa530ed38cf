"""Asks processes whether they are well, each in the way its row of ``processes.json`` says."""

import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx
import pymysql

from console import database
from console.installation import Installation

PROBE_SECONDS = 2.0
AT_ONCE = 16


def ask(installation: Installation, probes: Sequence[str]) -> list[bool]:
    """Ask all of them, many at the same time."""
    with (
        httpx.Client(timeout=PROBE_SECONDS, trust_env=False) as client,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        return list(pool.map(lambda probe: _answers(installation, client, probe), probes))


def _answers(installation: Installation, client: httpx.Client, probe: str) -> bool:
    kind, _, address = probe.partition("://")
    try:
        match kind:
            case "":  # it has no fixed address: running is all we can know
                return True
            case "tcp":
                socket.create_connection(_split(address), PROBE_SECONDS).close()
                return True
            case "mysql":
                database.connect(installation, *_split(address)).close()
                return True
            case _:
                return client.get(probe).is_success
    except (OSError, httpx.TransportError, pymysql.Error):
        return False


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)
