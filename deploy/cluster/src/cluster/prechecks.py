"""What must be true of the machine before anything is started; each failure is one sentence."""

import shutil
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
    holders = _holders()
    for program in programs:
        for address in program.listens:
            host, _, port = address.rpartition(":")
            for any_host in (host, "0.0.0.0", "::"):  # noqa: S104  # looked for, not bound
                if (any_host, int(port)) in holders:
                    yield _busy(layout, program, address, holders[any_host, int(port)])
                    break


def _holders() -> dict[tuple[str, int], int | None]:
    """Map each listening address to the process that holds it, as far as we may know."""
    connections = psutil.net_connections(kind="tcp")
    listening = (c for c in connections if c.status == psutil.CONN_LISTEN)
    return {(c.laddr.ip, c.laddr.port): c.pid for c in listening if c.laddr}


def _busy(layout: Layout, program: Program, address: str, pid: int | None) -> str:
    needed = f"{address} is needed for {program.full_name} and is busy"
    if pid is None:
        return f"{needed}; only root can see who holds it: `sudo ss -ltnp`"
    try:
        process = psutil.Process(pid)
        name = process.name()
    except psutil.NoSuchProcess:
        return f"{needed}: try again"
    cluster = marker.owner(process)
    if cluster is not None:
        return f"{needed}: another cluster of ours runs in {cluster}; `make down` ends it"
    return f"{needed}: process {pid} ({name}) holds it; end it, or change the port in {layout.file}"
