"""The harm to the network is what it says, and nothing of it is left behind."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.settings import Settings, Site, load
from laboratory import cuts, network
from laboratory.errors import LaboratoryError

SETTINGS = Path(__file__).parent / "portico.toml"
OUTSIDE = "portico-test-outside"
PORT = 9999
SLOW = 0.05
TRIES = 20
PATIENT_SECONDS, LOST_SECONDS = 10.0, 0.3
LISTEN = f"""
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
    listener.bind((sys.argv[1], {PORT}))
    print("ready", flush=True)
    while True:
        data, sender = listener.recvfrom(64)
        listener.sendto(data, sender)
"""
ASK = f"""
import socket, sys, time
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
    asker.bind((sys.argv[1], 0))
    asker.settimeout(float(sys.argv[4]))
    answered, quickest = 0, float("inf")
    for _ in range(int(sys.argv[3])):
        began = time.monotonic()
        try:
            asker.sendto(b"?", (sys.argv[2], {PORT}))
            asker.recv(64)
        except TimeoutError:
            continue
        answered += 1
        quickest = min(quickest, time.monotonic() - began)
    print(answered, quickest)
"""


def _inside(site: Site, script: str, *arguments: str) -> tuple[str, ...]:
    return (*network.inside(network.namespace_of(site)), sys.executable, "-c", script, *arguments)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The laboratory's settings under other names, so that a running laboratory is left alone."""
    path = tmp_path_factory.mktemp("network") / "portico.toml"
    path.write_text(SETTINGS.read_text().replace('"portico-', '"portico-test-'))
    return path


@pytest.fixture(scope="module")
def sites(file: Path) -> Iterator[Settings]:
    """The network, with somebody who answers at each site."""
    try:
        network.check()
    except LaboratoryError as error:
        pytest.skip(str(error))
    settings = load(file)
    with network.network(settings, outside=OUTSIDE):
        for site in settings.sites:
            words = _inside(site, LISTEN, site.address)
            listener = subprocess.Popen(words, stdout=subprocess.PIPE)
            assert listener.stdout is not None
            assert listener.stdout.readline() == b"ready\n"
        yield settings
    assert not [name for name in _namespaces() if name.startswith("portico-test-")]


def answers(
    first: Site, second: Site, times: int = 1, seconds: float = PATIENT_SECONDS
) -> tuple[int, float]:
    """Ask from one site at the other; return how often an answer came, and the fewest seconds it took.

    The fewest, because a busy machine adds to the others; ``seconds``: how long an answer is waited for.
    """
    words = _inside(first, ASK, first.address, second.address, str(times), str(seconds))
    said = subprocess.check_output(words, timeout=60).split()
    return int(said[0]), float(said[1])


def test_all_sites_reach_each_other(sites: Settings) -> None:
    for first in sites.sites:
        for second in sites.sites:
            assert answers(first, second)[0] == 1


def test_a_cut_in_one_direction_is_felt_by_both_and_by_nobody_else(sites: Settings) -> None:
    a, b, witness = sites.sites
    cuts.cut(sites, a, b)
    assert answers(a, b, seconds=LOST_SECONDS)[0] == 0  # the question is lost
    assert answers(b, a, seconds=LOST_SECONDS)[0] == 0  # the answer is lost
    assert answers(a, witness)[0] == answers(witness, b)[0] == 1
    cuts.heal(a, b)
    assert answers(a, b)[0] == answers(b, a)[0] == 1


def test_some_packets_are_lost(sites: Settings) -> None:
    a, b, _ = sites.sites
    cuts.lose(sites, a, b, 50)
    answered, _ = answers(a, b, times=40, seconds=LOST_SECONDS)
    cuts.heal(a, b)
    assert 5 < answered < 35
    assert answers(a, b, times=10)[0] == 10


def test_the_long_wire_is_long_in_both_directions_and_short_again_after(
    sites: Settings, file: Path
) -> None:
    a, b, witness = sites.sites
    about = (a.name, b.name, str(SLOW), "0")
    words = (*network.inside(OUTSIDE), sys.executable)
    with subprocess.Popen(
        (*words, "-m", "laboratory.slow_wire", str(file), *about), stdout=subprocess.PIPE
    ) as wire:
        assert wire.stdout is not None
        assert wire.stdout.readline() == b"ready\n"
        answered, quickest = answers(a, b, times=5)
        _, elsewhere = answers(a, witness, times=TRIES)
        wire.kill()
    assert answered == 5
    assert quickest >= 2 * SLOW
    assert elsewhere < SLOW
    deadline = time.monotonic() + PATIENT_SECONDS  # the device goes with its process, or soon after
    while answers(b, a, times=TRIES, seconds=LOST_SECONDS)[1] >= SLOW:
        assert time.monotonic() < deadline, "the wire is still long"
    assert answers(b, a, times=TRIES)[0] == TRIES


def _namespaces() -> list[str]:
    return subprocess.check_output(("ip", "netns"), text=True).split()
