"""A signup node in a process of its own, on a free port, so that a test can kill it.

``python own_process.py PORT`` serves; settings and site come from the environment like the real one's.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import httpx

from kernel import secrets, settings
from kernel.settings import Settings
from signup.app import create_app
from telemetry import logs
from web import server

READY_SECONDS = 60.0


class OwnProcess:
    """A running node; ``url`` is its own address."""

    def __init__(self, address: str, port: int, site: str) -> None:
        self.url = f"http://{address}:{port}"
        environment = {**os.environ, "PORTICO_SITE": site, "PORTICO_NODE": f"signup-{port}"}
        command = [sys.executable, __file__, str(port)]
        self._process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)  # noqa: S603  # our own

    def kill(self) -> None:
        """End it without a chance to say good-bye."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def wait(self) -> None:
        """Wait until it serves."""
        deadline = time.monotonic() + READY_SECONDS
        while not self._is_ready():
            assert time.monotonic() < deadline, "the node does not serve"
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", trust_env=False).status_code == HTTPStatus.OK
        except httpx.TransportError:
            return False


@contextmanager
def running(installation: Settings, port: int) -> Iterator[OwnProcess]:
    """Run a node in the first datacentre; it is gone afterwards."""
    site = installation.datacentres[0]
    process = OwnProcess(site.address, port, site.name)
    try:
        process.wait()
        yield process
    finally:
        process.kill()


if __name__ == "__main__":
    loaded, name = settings.load(), os.environ["PORTICO_SITE"]
    logs.configure("signup", name, os.environ["PORTICO_NODE"])
    app = create_app(loaded, secrets.load(loaded.secrets_dir, "signup"), site=name)
    server.run(app, loaded.site(name).address, int(sys.argv[1]))
