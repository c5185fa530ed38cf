"""A long wire between two sites: ``python -m laboratory.slow_wire FILE A B SECONDS JITTER``.

This machine's kernel has no netem. So the packets between the two sites take a detour while this process
lives: a TUN device at each end, and a queue for each direction here. Its death puts the short wire back.
"""

import asyncio
import fcntl
import os
import random
import struct
import sys
from pathlib import Path

from kernel.settings import Site, load
from laboratory.commands import run
from laboratory.network import namespace_of

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
PACKET_BYTES = 65536
PACKETS_AT_ONCE = 64
DEVICE = "slow"


def main() -> None:
    """Carry packets until killed; says ``ready`` when the detour is taken."""
    file, first, second, seconds, jitter = sys.argv[1:]
    settings = load(Path(file))
    ends = settings.site(first), settings.site(second)
    asyncio.run(carry(*ends, float(seconds), float(jitter)))


async def carry(first: Site, second: Site, seconds: float, jitter: float) -> None:
    """Carry packets both ways, each direction in order."""
    tuns = [_end(first, second), _end(second, first)]
    loop = asyncio.get_running_loop()
    for source, target in (tuns, tuns[::-1]):
        loop.add_reader(source, Wire(target, seconds, jitter).take, source)
    print("ready", flush=True)
    await asyncio.Event().wait()


class Wire:
    """One direction."""

    def __init__(self, target: int, seconds: float, jitter: float) -> None:
        self._target = target
        self._seconds = seconds
        self._jitter = jitter
        self._last = 0.0

    def take(self, source: int) -> None:
        """Take what has come, and give it on later."""
        loop = asyncio.get_running_loop()
        try:
            for _ in range(PACKETS_AT_ONCE):
                packet = os.read(source, PACKET_BYTES)
                delay = self._seconds + random.uniform(0, self._jitter)  # noqa: S311  # no secret
                self._last = max(self._last, loop.time() + delay)
                loop.call_at(self._last, self._give, packet)
        except BlockingIOError:
            pass

    def _give(self, packet: bytes) -> None:
        try:
            os.write(self._target, packet)
        except OSError:
            return  # a full or vanished device loses packets, as wires do


def _end(here: Site, there: Site) -> int:
    """Make the device at ``here`` and send what is for ``there`` through it."""
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    name = f"{DEVICE}-{there.name}"
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    namespace = namespace_of(here)
    run("ip", "link", "set", name, "netns", namespace)
    run("ip", "-n", namespace, "link", "set", name, "up")
    route = ("route", "replace", f"{there.address}/32", "dev", name, "src", here.address)
    run("ip", "-n", namespace, *route)
    return tun


if __name__ == "__main__":
    main()
