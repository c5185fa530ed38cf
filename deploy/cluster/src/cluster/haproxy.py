"""Tells a running HAProxy through its administration socket to serve another certificate."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

from cluster.bundle import Bundle
from cluster.errors import ClusterError

SECONDS = 5.0


def is_running(admin: Path) -> bool:
    """Whether somebody answers at the socket; one that was killed leaves it behind."""
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(admin)) == 0


def replace_certificate(admin: Path, file: Path, bundle: Bundle) -> None:
    """Let new connections have another certificate in place of the file's; the file itself stays.

    Connections that are open go on. Raise if HAProxy does not want it; then nothing has changed.
    """
    with _transaction(admin, file):
        _order(admin, f"set ssl cert {file} <<\n{bundle.pem().decode()}\n", "Transaction")
        _order(admin, f"commit ssl cert {file}", "Success")


@contextlib.contextmanager
def _transaction(admin: Path, file: Path) -> Iterator[None]:
    """Take back what was begun and not committed."""
    try:
        yield
    except ClusterError:
        with contextlib.suppress(ClusterError):
            _ask(admin, f"abort ssl cert {file}")
        raise


def _order(admin: Path, command: str, success: str) -> None:
    answer = _ask(admin, command)
    if success not in answer:
        raise ClusterError(f"HAProxy refuses the certificate: {' '.join(answer.split())}")


def _ask(admin: Path, command: str) -> str:
    """Send one command and return the whole answer."""
    answer = bytearray()
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(SECONDS)
            client.connect(str(admin))
            client.sendall(command.encode() + b"\n")
            while part := client.recv(4096):
                answer += part
    except OSError as error:
        raise ClusterError(f"HAProxy does not answer at {admin}: {error}") from error
    return answer.decode(errors="replace")
