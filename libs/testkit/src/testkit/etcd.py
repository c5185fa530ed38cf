"""Real etcd for tests: one or three members in a temporary directory, which can be killed and frozen."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from testkit import addresses, ready
from testkit.process import Process

CLIENT_PORT, PEER_PORT = 12379, 12380
WRITTEN_SECONDS = 30.0
MEMORY = Path("/dev/shm")  # noqa: S108  # a folder of our own in it
FOLDER = "portico-etcd-"  # the begin of its name
MEMORY_BYTES = 8 << 30  # that must be free of it; a member reserves 128 MiB for its log
_FLAGS = (
    *("--initial-cluster-state", "new", "--enable-v2=false"),
    *("--heartbeat-interval", "50", "--election-timeout", "500"),
    *("--logger", "zap", "--log-level", "warn"),
)


class Member(Process):
    """One etcd process; it keeps its data when it is killed and started again."""

    def __init__(self, name: str, address: str, peers: str, *, data: Path, log: Path) -> None:
        self.url = f"http://{address}:{CLIENT_PORT}"
        peer_url = f"http://{address}:{PEER_PORT}"
        command = (
            *("etcd", "--name", name, "--data-dir", str(data / name)),
            *("--listen-client-urls", self.url, "--advertise-client-urls", self.url),
            *("--listen-peer-urls", peer_url, "--initial-advertise-peer-urls", peer_url),
            *("--initial-cluster", peers, *_FLAGS),
        )
        super().__init__(command, log / f"{name}.log")


class Cluster:
    """The members, in the order of their addresses."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = tuple(members)

    @property
    def urls(self) -> tuple[str, ...]:
        """Client URLs of all members."""
        return tuple(member.url for member in self.members)

    def start(self) -> None:
        """Start every member, and wait until all serve."""
        for member in self.members:
            member.start()
        self.wait()

    def wait(self) -> None:
        """Wait until all members serve and see a leader."""
        ready.wait_for(f"{url}/health" for url in self.urls)

    def put(self, key: str, value: str) -> None:
        """Write a key by etcd's own tool; again if the members were at an election."""
        deadline = time.monotonic() + WRITTEN_SECONDS
        while not self._is_put(key, value):
            assert time.monotonic() < deadline, f"{key} cannot be written"
            time.sleep(0.1)

    def _is_put(self, key: str, value: str) -> bool:
        command = ("/usr/bin/etcdctl", "--endpoints", ",".join(self.urls), "put", key, value)
        environment = {**os.environ, "ETCDCTL_API": "3"}
        done = subprocess.run(  # noqa: S603  # our own arguments
            command, env=environment, timeout=60, check=False, capture_output=True
        )
        return done.returncode == 0

    def kill(self) -> None:
        """Kill every member."""
        for member in self.members:
            member.kill()


@contextmanager
def running(directory: Path, sites: Sequence[str] | int = 1) -> Iterator[Cluster]:
    """Run one member on each address (or on so many private ones) and kill them at the end.

    Their logs are in ``directory``.
    """
    hosts = addresses.private(sites) if isinstance(sites, int) else sites
    peers = ",".join(f"m{n}=http://{host}:{PEER_PORT}" for n, host in enumerate(hosts))
    with _data_folder(directory) as data:
        cluster = Cluster(
            [Member(f"m{n}", h, peers, data=data, log=directory) for n, h in enumerate(hosts)]
        )
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.kill()


@contextmanager
def _data_folder(directory: Path) -> Iterator[Path]:
    """Lend a folder in memory, if there is plenty: each write is synced, and a busy disk takes seconds."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < MEMORY_BYTES:
        yield directory
        return
    _sweep()
    prefix = f"{FOLDER}{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=MEMORY) as folder:
        yield Path(folder)


def _sweep() -> None:
    """Remove what processes left there that were killed."""
    for left in MEMORY.glob(f"{FOLDER}*"):
        if not Path("/proc", left.name.removeprefix(FOLDER).partition("-")[0]).exists():
            shutil.rmtree(left, ignore_errors=True)
