"""A real S3 server for tests: Ceph's monitor, one object store in memory, the gateway; up in a second.

Needs the Debian packages ceph-mon, ceph-osd and radosgw, and no root. Everything dies with the process
that started it, even when that is killed.
"""

import base64
import json
import secrets
import signal
import struct
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from blobs.keys import AccessKey
from testkit import addresses

GATEWAY_PORT, MONITOR_PORT = 17480, 3300
READY_SECONDS = 60.0

# `paxos propose interval`: each new pool waits for it several times; with its default of 1 s the first
# start takes 12 s instead of 1. `tcp_nodelay`: without it a small download waits 40 ms for an ACK.
# `osd client watch timeout`: so long a gateway that follows a killed one cannot make users.
_CONFIGURATION = """
[global]
fsid = {fsid}
mon host = [v2:{address}:{monitor_port}]
public addr = {address}
ms bind msgr1 = false
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = {directory}/keyring
log file = {directory}/$name.log
run dir = {directory}
admin socket =
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 1
mon data avail warn = 2
paxos propose interval = 0.02
paxos min wait = 0.01
[mon.a]
mon data = {directory}/mon
host = localhost
[osd.0]
osd data = {directory}/osd
osd objectstore = memstore
osd client watch timeout = 8
memstore device bytes = 17179869184
[client.rgw]
rgw frontends = beast endpoint={address}:{gateway_port} tcp_nodelay=1
rgw thread pool size = 32
rados osd op timeout = 8
debug rgw = 1
"""
# one key for all of them: the cluster lives for one test run, on a loopback address of its own
_KEYRING = """
[mon.]
key = {key}
caps mon = "allow *"
[client.admin]
key = {key}
caps mon = "allow *"
caps osd = "allow *"
[osd.0]
key = {key}
caps mon = "allow *"
caps osd = "allow *"
[client.rgw]
key = {key}
caps mon = "allow rwx"
caps osd = "allow rwx"
"""


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Gateway"]:
    """Give the S3 server of this test run; import this fixture into a ``conftest.py`` to use it."""
    with running(tmp_path_factory.mktemp("s3")) as gateway:
        yield gateway


@contextmanager
def running(directory: Path) -> Iterator["Gateway"]:
    """Run a server; configuration and logs lie in ``directory``, the objects in memory."""
    (address,) = addresses.private(1)
    _configure(directory, address)
    _make_monitor(directory, address)
    with ExitStack() as processes:
        processes.enter_context(_daemon(directory, "ceph-mon", "--id", "a"))
        disk = str(uuid.uuid4())
        _run(directory, "ceph", "--connect-timeout", "20", "osd", "new", disk, "0")
        _run(directory, "ceph-osd", "--id", "0", "--mkfs", "--osd-uuid", disk)
        processes.enter_context(_daemon(directory, "ceph-osd", "--id", "0"))
        _wait_for_store(directory)
        gateway = Gateway(directory, f"http://{address}:{GATEWAY_PORT}")
        processes.callback(gateway.kill)
        gateway.start()
        gateway.admin = _make_admin(directory)
        yield gateway


class Gateway:
    """The S3 server: ``url``, and ``admin``, the key that may make users."""

    admin: AccessKey

    def __init__(self, directory: Path, url: str) -> None:
        self.url = url
        self.log = directory / "client.rgw.log"
        self._directory = directory
        self._running = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the gateway and wait until it serves."""
        daemon = _daemon(self._directory, "radosgw", "--name", "client.rgw")
        self._process = self._running.enter_context(daemon)
        deadline = time.monotonic() + READY_SECONDS
        while not self._serves():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise TimeoutError(f"the S3 gateway does not serve; see {self.log}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End the gateway without a chance to say good-bye; the objects stay."""
        self._running.close()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop the gateway in its tracks: it accepts connections, and is silent."""
        assert self._process is not None, "not running"  # a test's own mistake
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    @contextmanager
    def full(self) -> Iterator[None]:
        """Let the store think it is full as soon as it holds two MiB."""
        self._limit(near=0.00005, backfill=0.00007, full=0.0001)
        try:
            self._wait_until_full()
            yield
        finally:
            self._limit(full=0.95, backfill=0.9, near=0.85)

    def _limit(self, **ratios: float) -> None:
        for which, ratio in ratios.items():
            name = "set-full-ratio" if which == "full" else f"set-{which}full-ratio"
            _run(self._directory, "ceph", "osd", name, f"{ratio:f}")

    def _wait_until_full(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not all("full" in p["flags_names"].split(",") for p in self._pools()):
            assert time.monotonic() < deadline, "the object store never becomes full"
            time.sleep(0.1)

    def _pools(self) -> list[dict[str, str]]:
        shown = json.loads(_run(self._directory, "ceph", "osd", "dump", "--format", "json"))
        pools: list[dict[str, str]] = shown["pools"]
        return pools

    def _serves(self) -> bool:
        try:
            with urllib.request.urlopen(self.url, timeout=2) as answer:  # noqa: S310  # our own
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def _configure(directory: Path, address: str) -> None:
    for name in ("mon", "osd"):
        (directory / name).mkdir()
    (directory / "keyring").write_text(_KEYRING.format(key=_new_cephx_key()))
    (directory / "ceph.conf").write_text(
        _CONFIGURATION.format(
            fsid=uuid.uuid4(),
            address=address,
            directory=directory,
            monitor_port=MONITOR_PORT,
            gateway_port=GATEWAY_PORT,
        )
    )


def _new_cephx_key() -> str:
    """Return a key in Ceph's form: type AES, time, no nanoseconds, length, 16 random bytes."""
    key = secrets.token_bytes(16)
    return base64.b64encode(struct.pack("<hiih", 1, int(time.time()), 0, len(key)) + key).decode()


def _make_monitor(directory: Path, address: str) -> None:
    monitors = str(directory / "monmap")
    member = ("--addv", "a", f"[v2:{address}:{MONITOR_PORT}]")
    _run(directory, "monmaptool", monitors, "--create", *member)
    _run(directory, "ceph-mon", "--id", "a", "--mkfs", "--monmap", monitors)


def _wait_for_store(directory: Path) -> None:
    """Wait until the object store serves: a gateway that was first may miss it for 5 s, even 30 s."""
    deadline = time.monotonic() + READY_SECONDS
    while json.loads(_run(directory, "ceph", "osd", "stat", "--format", "json"))["num_up_osds"] < 1:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the object store does not serve; see {directory}/osd.0.log")
        time.sleep(0.02)


def _make_admin(directory: Path) -> AccessKey:
    user = ("--uid", "admin", "--display-name", "admin", "--caps", "users=*;buckets=*")
    answer = _run(directory, "radosgw-admin", "--name", "client.rgw", "user", "create", *user)
    (key,) = json.loads(answer)["keys"]
    return AccessKey(key["access_key"], key["secret_key"])


def _run(directory: Path, *command: str) -> bytes:
    name, *arguments = command
    result = subprocess.run(  # noqa: S603  # our own arguments
        [name, "--conf", str(directory / "ceph.conf"), *arguments],
        check=False,
        capture_output=True,
        timeout=READY_SECONDS,
    )
    if result.returncode != 0:
        raise RuntimeError(f"{name} failed: {result.stderr.decode(errors='replace')}")
    return result.stdout


@contextmanager
def _daemon(directory: Path, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run one of Ceph's daemons as a child that cannot outlive us, and kill it at the end."""
    tied_to_us = ("setpriv", "--pdeathsig", "KILL", "--")
    conf = ("--conf", str(directory / "ceph.conf"), "--foreground")
    with (directory / f"{command[0]}.out").open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  # our own arguments
            [*tied_to_us, *command, *conf],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            process.kill()  # what it holds is in memory, and worth nothing
            process.wait()
