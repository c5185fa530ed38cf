"""What must be true of the machine before anything is started; each failure is one sentence."""

import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence

import psutil

from cluster import marker
from cluster.errors import ClusterError
from cluster.layout import Layout
from cluster.programs import Program

DISK_BYTES = 8 * 10**9
MEMORY_BYTES = 3 * 2**30
# sun_path holds 108 bytes; the longest socket below `var` takes this many of them
SOCKET_PATH_BYTES = 107
LONGEST_SOCKET = "data/witness/mariadb/mysqld.sock"

PACKAGES = {
    "mariadbd": "mariadb-server",
    "mariadb-install-db": "mariadb-server",
    "etcd": "etcd-server",
    "memcached": "memcached",
    "haproxy": "haproxy",
    "prometheus": "prometheus",
    "radosgw": "radosgw",
    "ceph-mon": "ceph-mon",
    "ceph-osd": "ceph-osd",
}


def check(layout: Layout, programs: Sequence[Program]) -> None:
    """Raise with every sentence there is to say, or return."""
    sentences = [
        *_missing_programs(),
        *_bad_path(layout),
        *_little_disk(layout),
        *_little_memory(),
        *_busy_ports(layout, programs),
    ]
    if sentences:
        raise ClusterError("\n".join(sentences))


def _missing_programs() -> Iterator[str]:
    missing = sorted({package for name, package in PACKAGES.items() if not shutil.which(name)})
    if missing:
        names = " ".join(missing)
        yield (
            f"these Debian packages are missing: {names}; run `make up` as root, or"
            f" `sudo apt-get install --no-install-recommends {names}`"
        )


def _bad_path(layout: Layout) -> Iterator[str]:
    path = str(layout.var)
    if any(sign in path for sign in ' %"'):
        yield f"the path {path} has signs that the servers' configuration files cannot hold: move it"
    if len(f"{path}/{LONGEST_SOCKET}".encode()) > SOCKET_PATH_BYTES:
        yield f"the path {path} is too long for the servers' sockets: move it to a shorter one"


def _little_disk(layout: Layout) -> Iterator[str]:
    free = shutil.disk_usage(layout.var).free
    if free < DISK_BYTES:
        yield (
            f"only {free / 1e9:.1f} GB are free below {layout.var}, and the servers need"
            f" {DISK_BYTES / 1e9:.0f} GB: make room"
        )


def _little_memory() -> Iterator[str]:
    available = psutil.virtual_memory().available
    if available < MEMORY_BYTES:
        yield (
            f"only {available / 2**30:.1f} GiB of memory are available, and the cluster needs"
            f" {MEMORY_BYTES / 2**30:.0f} GiB: close something"
        )


def _busy_ports(layout: Layout, programs: Sequence[Program]) -> Iterator[str]:
    """One sentence for each who holds addresses of ours, however many they are."""
    holders = _holders()
    held: defaultdict[int | None, list[str]] = defaultdict(list)
    for program in programs:
        for address in program.listens:
            host, _, port = address.rpartition(":")
            for any_host in (host, "0.0.0.0", "::"):  # noqa: S104  # looked for, not bound
                if (any_host, int(port)) in holders:
                    held[holders[any_host, int(port)]].append(f"{address} ({program.full_name})")
    clusters = {pid: _cluster_of(pid) for pid in held}
    for cluster in sorted({c for c in clusters.values() if c}):
        yield f"another cluster of ours runs in {cluster}: `make down` ends it, then try again"
    for pid, addresses in held.items():
        if not clusters[pid]:
            busy = f"these addresses are needed and busy: {', '.join(addresses)}"
            yield f"{busy}; {_who(pid)}: end that, or change the address in {layout.file}"


def _holders() -> dict[tuple[str, int], int | None]:
    """Map each listening address to the process that holds it, as far as we may know."""
    connections = psutil.net_connections(kind="tcp")
    listening = (c for c in connections if c.status == psutil.CONN_LISTEN)
    return {(c.laddr.ip, c.laddr.port): c.pid for c in listening if c.laddr}


def _cluster_of(pid: int | None) -> str | None:
    try:
        return None if pid is None else marker.owner(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return None


def _who(pid: int | None) -> str:
    if pid is None:
        return "only root can see which process holds them (`sudo ss -ltnp`)"
    try:
        return f"process {pid} ({psutil.Process(pid).name()}) holds them"
    except psutil.NoSuchProcess:
        return f"process {pid} held them a moment ago"
