"""Real etcd for tests: one or three members in a temporary directory, which can be killed and frozen."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from testkit import addresses, ready
from testkit.process import Process

CLIENT_PORT, PEER_PORT = 12379, 12380
_FLAGS = (
    *("--initial-cluster-state", "new", "--enable-v2=false"),
    *("--heartbeat-interval", "50", "--election-timeout", "500"),
    *("--logger", "zap", "--log-level", "warn"),
)


class Member(Process):
    """One etcd process; it keeps its data when it is killed and started again."""

    def __init__(self, name: str, address: str, directory: Path, peers: str) -> None:
        self.url = f"http://{address}:{CLIENT_PORT}"
        peer_url = f"http://{address}:{PEER_PORT}"
        command = (
            *("etcd", "--name", name, "--data-dir", str(directory / name)),
            *("--listen-client-urls", self.url, "--advertise-client-urls", self.url),
            *("--listen-peer-urls", peer_url, "--initial-advertise-peer-urls", peer_url),
            *("--initial-cluster", peers, *_FLAGS),
        )
        super().__init__(command, directory / f"{name}.log")


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
