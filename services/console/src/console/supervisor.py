"""Asks supervisord which processes run."""

import xmlrpc.client
from dataclasses import dataclass
from typing import Any

import httpx

from console.errors import ConsoleError
from console.installation import Installation

CALL_SECONDS = 5.0


@dataclass(frozen=True)
class Supervised:
    """One process as supervisord sees it; no ``pid`` while it does not run."""

    dc: str
    name: str
    pid: int | None
    state: str


def read(installation: Installation) -> dict[tuple[str, str], Supervised]:
    """Return all processes by ``(dc, name)``."""
    found = (
        Supervised(row["group"], row["name"], row["pid"] or None, row["statename"])
        for row in call(installation, "supervisor.getAllProcessInfo")
    )
    return {(process.dc, process.name): process for process in found}


def own_pid(installation: Installation) -> int:
    """Return the process id of supervisord itself, the parent of all others."""
    return int(call(installation, "supervisor.getPID"))


def call(installation: Installation, method: str, *arguments: str | bool) -> Any:
    """Call a method of supervisord's XML-RPC interface."""
    transport = httpx.HTTPTransport(uds=str(installation.supervisor_socket))
    try:
        with httpx.Client(transport=transport, timeout=CALL_SECONDS) as client:
            answer = client.post(
                "http://supervisor/RPC2", content=xmlrpc.client.dumps(arguments, method)
            )
        (result,), _ = xmlrpc.client.loads(answer.content)
    except (httpx.TransportError, xmlrpc.client.Error) as error:
        raise ConsoleError(f"supervisord does not answer: {error}") from error
    return result
