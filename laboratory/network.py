"""The laboratory's network: a namespace for each site, and one for the clients, joined by a bridge.

The bridge and its wires lie in the clients' namespace, so the machine's own network stays as it is.
"""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kernel.settings import Settings, Site
from laboratory.commands import run, succeeds
from laboratory.errors import LaboratoryError

OUTSIDE = "portico-outside"  # where the clients are, and whoever starts the cluster
BRIDGE = "bridge"
PREFIX = 16
PROGRAMS = {"ip": "iproute2", "nft": "nftables", "nsenter": "util-linux", "setpriv": "util-linux"}
FOLDER = Path("/run/netns")
KILL_SECONDS = 15.0


def check() -> None:
    """Raise with one sentence if this machine or this user cannot have namespaces."""
    missing = sorted({package for name, package in PROGRAMS.items() if not shutil.which(name)})
    if missing:
        raise LaboratoryError(f"these Debian packages are missing: {' '.join(missing)}")
    if os.geteuid() != 0:
        raise LaboratoryError("network namespaces need root: run this as root")
    probe = f"portico-probe-{os.getpid()}"
    if not succeeds("ip", "netns", "add", probe):
        raise LaboratoryError("this machine does not allow network namespaces (CAP_SYS_ADMIN)")
    allowed = succeeds("ip", "-n", probe, "link", "add", BRIDGE, "type", "bridge")
    run("ip", "netns", "del", probe)
    if not allowed:
        raise LaboratoryError("this machine's kernel or container does not allow bridges")


@contextmanager
def network(settings: Settings, outside: str = OUTSIDE) -> Iterator[None]:
    """Make the namespaces and join them; what an earlier run left is removed first, and ours after."""
    remove(settings, outside)
    try:
        _make(settings, outside)
        yield
    finally:
        remove(settings, outside)


def inside(namespace: str) -> tuple[str, ...]:
    """Return the words that run a command in a namespace."""
    return ("nsenter", f"--net={FOLDER / namespace}")


def namespace_of(site: Site) -> str:
    """Return the namespace of a site, which its settings name."""
    if site.namespace is None:
        raise LaboratoryError(f"the settings give {site.name} no namespace")
    return site.namespace


def remove(settings: Settings, outside: str = OUTSIDE) -> None:
    """Kill whoever is in the namespaces, frozen or not, and take the namespaces away."""
    # those outside first: the supervisor there would start the others anew
    wanted = (outside, *(namespace_of(site) for site in settings.sites))
    names = [name for name in wanted if (FOLDER / name).exists()]
    kill_all(names)
    for name in names:
        run("ip", "netns", "del", name)


def kill_all(namespaces: list[str]) -> None:
    """Kill every process in the namespaces with -9, and those that they start meanwhile."""
    deadline = time.monotonic() + KILL_SECONDS
    while pids := [pid for name in namespaces for pid in pids_in(name)]:
        if time.monotonic() > deadline:
            raise LaboratoryError(f"these processes cannot be killed: {pids}")
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def pids_in(namespace: str) -> list[int]:
    """Return the processes that run in a namespace."""
    return [int(pid) for pid in run("ip", "netns", "pids", namespace).split()]


def _make(settings: Settings, outside: str) -> None:
    run("ip", "netns", "add", outside)
    here = ("ip", "-n", outside)
    run(*here, "link", "set", "lo", "up")
    run(*here, "link", "add", BRIDGE, "type", "bridge")
    run(*here, "address", "add", _clients_address(settings), "dev", BRIDGE)
    run(*here, "link", "set", BRIDGE, "up")
    for site in settings.sites:
        _join(site, here)


def _join(site: Site, outside: tuple[str, ...]) -> None:
    name, wire = namespace_of(site), f"to-{site.name}"
    run("ip", "netns", "add", name)
    peer = ("type", "veth", "peer", "name", "eth0", "netns", name)
    run(*outside, "link", "add", wire, *peer)
    run(*outside, "link", "set", wire, "master", BRIDGE, "up")
    run("ip", "-n", name, "address", "add", f"{site.address}/{PREFIX}", "dev", "eth0")
    run("ip", "-n", name, "link", "set", "lo", "up")
    run("ip", "-n", name, "link", "set", "eth0", "up")


def _clients_address(settings: Settings) -> str:
    first, second, *_ = settings.sites[0].address.split(".")
    return f"{first}.{second}.0.1/{PREFIX}"
