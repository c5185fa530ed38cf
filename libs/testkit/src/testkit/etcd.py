"""Real etcd for tests: one or three members in a temporary directory, which can be killed and frozen."""

import http.client
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from testkit import addresses

CLIENT_PORT, PEER_PORT = 12379, 12380
READY_SECONDS = 20.0  # well under a second on a quiet machine
_FLAGS = (
    *("--initial-cluster-state", "new", "--enable-v2=false"),
    *("--heartbeat-interval", "50", "--election-timeout", "500"),
    *("--logger", "zap", "--log-level", "warn"),
)


class Member:
    """One etcd process; it keeps its data when it is killed and started again."""

    def __init__(self, name: str, address: str, directory: Path, peers: str) -> None:
        self.url = f"http://{address}:{CLIENT_PORT}"
        self._address = address
        self._log = directory / f"{name}.log"
        peer_url = f"http://{address}:{PEER_PORT}"
        self._command = (
            *("etcd", "--name", name, "--data-dir", str(directory / name)),
            *("--listen-client-urls", self.url, "--advertise-client-urls", self.url),
            *("--listen-peer-urls", peer_url, "--initial-advertise-peer-urls", peer_url),
            *("--initial-cluster", peers, "--log-outputs", str(self._log), *_FLAGS),
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; ``Cluster.wait`` tells when it serves."""
        assert self._process is None, "already running"  # noqa: S101  # a test's own mistake
        self._process = subprocess.Popen(self._command)  # noqa: S603  # our own arguments

    def kill(self) -> None:
        """End the process without a chance to say good-bye; nothing happens if it does not run."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Stop the process in its tracks: its connections stay open and silent."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process go on."""
        self._signal(signal.SIGCONT)

    def is_healthy(self) -> bool:
        """Tell whether the member serves and sees a leader."""
        connection = http.client.HTTPConnection(self._address, CLIENT_PORT, timeout=1)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None, "not running"  # noqa: S101  # a test's own mistake
        self._process.send_signal(number)


class Cluster:
    """The members, in the order of their addresses."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = tuple(members)

    @property
    def urls(self) -> tuple[str, ...]:
        """Client URLs of all members."""
        return tuple(m.url for m in self.members)

    def start(self) -> None:
        """Start every member, and wait until all serve."""
        for member in self.members:
            member.start()
        self.wait()

    def wait(self) -> None:
        """Wait until all members serve; ``TimeoutError`` names those that do not."""
        deadline = time.monotonic() + READY_SECONDS
        while lame := [m.url for m in self.members if not m.is_healthy()]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"etcd does not serve: {', '.join(lame)}")
            time.sleep(0.05)

    def kill(self) -> None:
        """Kill every member."""
        for member in self.members:
            member.kill()


@contextmanager
def running(directory: Path, sites: Sequence[str] | int = 1) -> Iterator[Cluster]:
    """Run one member on each address (or on so many private ones) and kill them at the end."""
    hosts = addresses.private(sites) if isinstance(sites, int) else sites
    peers = ",".join(f"m{n}=http://{host}:{PEER_PORT}" for n, host in enumerate(hosts))
    cluster = Cluster([Member(f"m{n}", host, directory, peers) for n, host in enumerate(hosts)])
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.kill()
