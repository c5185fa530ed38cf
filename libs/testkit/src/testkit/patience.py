"""The product's time limits raised, for tests that are about something else.

A client gives etcd a second to answer. On a busy machine that is too little now and then, and what comes
of it is right, but not what most tests are about. Those of outages keep the real limits.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

_OF_CLIENTS = {
    "etcd.members": {"CONNECT_SECONDS": 10.0, "ATTEMPT_SECONDS": 10.0, "TOTAL_SECONDS": 20.0},
    "etcd.watch": {"ATTEMPT_SECONDS": 10.0},
}
_OF_SERVICES = {
    "routing": {"routing.service": {"FRESH_SECONDS": 10.0}},
    "failover": {"failover.service.status": {"PATIENCE_SECONDS": 10.0}},
}


@contextmanager
def patient() -> Iterator[None]:
    """Let this process' clients of etcd wait for long."""
    with pytest.MonkeyPatch.context() as patch:
        for module, limits in _OF_CLIENTS.items():
            for name, seconds in limits.items():
                patch.setattr(f"{module}.{name}", seconds)
        yield


def command(service: str) -> tuple[str, ...]:
    """Return what runs a service like ``python -m``, but waits for long."""
    raised = _OF_CLIENTS | _OF_SERVICES[service]
    lines = [
        *(f"import {module}" for module in raised),
        *(
            f"{m}.{name} = {value}"
            for m, limits in raised.items()
            for name, value in limits.items()
        ),
        "import runpy",
        f"runpy.run_module({service!r}, run_name='__main__', alter_sys=True)",
    ]
    return sys.executable, "-c", "\n".join(lines)
