"""The harm: each fault can be started and healed, and says in one line what it is."""

import asyncio
import random
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

from typing_extensions import override

from kernel.settings import Site
from laboratory import cuts, disks
from laboratory.clocks import StandIn
from laboratory.errors import LaboratoryError
from laboratory.machine import Machine

WIRE_SECONDS = 5


class Fault(ABC):
    """One kind of harm at one place."""

    @property
    @abstractmethod
    def kind(self) -> str:
        """What it is, wherever it is."""

    @abstractmethod
    async def start(self, machine: Machine) -> None:
        """Do the harm."""

    @abstractmethod
    async def heal(self, machine: Machine) -> None:
        """Undo it."""


@dataclass(frozen=True)
class Kill(Fault):
    """``kill -9``; the supervisor starts it again, so there is nothing to heal."""

    program: str

    @property
    @override
    def kind(self) -> str:
        return f"{_service(self.program)} killed"

    @override
    async def start(self, machine: Machine) -> None:
        await machine.kill(self.program)

    @override
    async def heal(self, machine: Machine) -> None:
        return


@dataclass(frozen=True)
class KillAndHold(Fault):
    """``kill -9`` of several at once, and none comes back before the healing."""

    programs: tuple[str, ...]

    @property
    @override
    def kind(self) -> str:
        services = sorted({_service(program) for program in self.programs})
        named = " and ".join(services) if len(services) <= 2 else "all of a datacentre"
        return f"{named} killed and held down"

    @override
    async def start(self, machine: Machine) -> None:
        await machine.kill_and_hold(self.programs)

    @override
    async def heal(self, machine: Machine) -> None:
        await machine.start(self.programs)


@dataclass
class Freeze(Fault):
    """SIGSTOP, and later SIGCONT: it comes back without knowing that it was away."""

    program: str
    _pid: int = field(default=0, repr=False)

    @property
    @override
    def kind(self) -> str:
        return f"{_service(self.program)} frozen"

    @override
    async def start(self, machine: Machine) -> None:
        self._pid = await machine.freeze(self.program)

    @override
    async def heal(self, machine: Machine) -> None:
        machine.thaw(self._pid)


@dataclass(frozen=True)
class Cut(Fault):
    """Nothing passes between two sites, in the directions given."""

    kind = "a link cut"
    ways: tuple[tuple[Site, Site], ...]

    @override
    async def start(self, machine: Machine) -> None:
        for source, target in self.ways:
            cuts.cut(machine.settings, source, target)

    @override
    async def heal(self, machine: Machine) -> None:
        for source, target in self.ways:
            cuts.heal(source, target)

    @override
    def __repr__(self) -> str:
        return f"Cut({', '.join(f'{a.name}->{b.name}' for a, b in self.ways)})"


@dataclass(frozen=True)
class Loss(Fault):
    """Some of the packets between two sites are lost, both ways."""

    kind = "packets lost"
    first: Site
    second: Site
    percent: int

    @override
    async def start(self, machine: Machine) -> None:
        for source, target in self._ways():
            cuts.lose(machine.settings, source, target, self.percent)

    @override
    async def heal(self, machine: Machine) -> None:
        for source, target in self._ways():
            cuts.heal(source, target)

    def _ways(self) -> tuple[tuple[Site, Site], ...]:
        return (self.first, self.second), (self.second, self.first)

    @override
    def __repr__(self) -> str:
        return f"Loss({self.first.name}<->{self.second.name}, {self.percent} %)"


@dataclass
class Delay(Fault):
    """Each packet between two sites takes so long, one way."""

    kind = "packets delayed"
    first: Site
    second: Site
    seconds: float
    jitter: float
    _wire: subprocess.Popen[str] | None = field(default=None, repr=False)

    @override
    async def start(self, machine: Machine) -> None:
        about = (self.first.name, self.second.name, str(self.seconds), str(self.jitter))
        words = (sys.executable, "-m", "laboratory.slow_wire", str(machine.layout.file), *about)
        self._wire = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert self._wire.stdout is not None  # noqa: S101  # asked for above
        async with asyncio.timeout(WIRE_SECONDS):
            if await asyncio.to_thread(self._wire.stdout.readline) != "ready\n":
                raise LaboratoryError("the slow wire does not start")

    @override
    async def heal(self, machine: Machine) -> None:
        if self._wire is not None:
            self._wire.kill()
            await asyncio.to_thread(self._wire.wait)

    @override
    def __repr__(self) -> str:
        return f"Delay({self.first.name}<->{self.second.name}, {self.seconds * 1000:.0f} ms)"


@dataclass(frozen=True)
class FullDisk(Fault):
    """The disk of a datacentre's database and etcd member has no room left."""

    kind = "a disk full"
    site: Site

    @override
    async def start(self, machine: Machine) -> None:
        disks.fill(machine.layout, self.site)

    @override
    async def heal(self, machine: Machine) -> None:
        disks.clear(machine.layout, self.site)

    @override
    def __repr__(self) -> str:
        return f"FullDisk({self.site.name})"


@dataclass
class WrongClock(Fault):
    """One process lives in another hour."""

    kind = "a clock wrong"
    program: str
    seconds: int
    _stand_in: StandIn | None = field(default=None, repr=False)

    @override
    async def start(self, machine: Machine) -> None:
        self._stand_in = StandIn(machine, self.program, self.seconds)
        await self._stand_in.start()

    @override
    async def heal(self, machine: Machine) -> None:
        if self._stand_in is not None:
            await self._stand_in.end()


def _service(full_name: str) -> str:
    """Return the kind of a process: ``portal`` of ``dc-a:portal-1``."""
    return full_name.partition(":")[2].partition("-")[0]


class Chance:
    """Thinks of faults: the same ones in the same order for the same seed."""

    KILLED = ("mariadb", "etcd", "failover", "portal", "routing", "memcached", "haproxy", "worker")
    FROZEN = ("mariadb", "etcd", "failover", "portal", "routing")
    CLOCKS = ("failover", "portal", "routing")

    def __init__(self, machine: Machine, seed: int) -> None:
        self._machine = machine
        self._chance = random.Random(seed)  # noqa: S311  # no secret
        self._sites = machine.settings.sites

    def fault(self) -> Fault:
        """Return the next fault."""
        kinds: list[tuple[int, Callable[[], Fault]]] = [
            (30, self._kill),
            (8, self._kill_and_hold),
            (4, self._whole_site),
            (18, self._freeze),
            (20, self._cut),
            (6, self._loss),
            (6, self._delay),
            (4, self._wrong_clock),
            (1, self._full_disk),
        ]
        (make,) = self._chance.choices([make for _, make in kinds], [weight for weight, _ in kinds])
        return make()

    def seconds(self, shortest: float, longest: float) -> float:
        """Return how long something lasts."""
        return self._chance.uniform(shortest, longest)

    def _program(self, kinds: tuple[str, ...]) -> str:
        return self._chance.choice(self._machine.named(self._chance.choice(kinds)))

    def _kill(self) -> Fault:
        return Kill(self._program(self.KILLED))

    def _kill_and_hold(self) -> Fault:
        return KillAndHold((self._program(self.KILLED),))

    def _whole_site(self) -> Fault:
        site = self._chance.choice(self._machine.settings.datacentres)
        return KillAndHold(tuple(self._machine.at(site.name)))

    def _freeze(self) -> Fault:
        return Freeze(self._program(self.FROZEN))

    def _cut(self) -> Fault:
        """A pair of sites, or one site from both others; one direction, or both."""
        first, second, third = self._chance.sample(self._sites, 3)
        pairs = (
            [(first, second)] if self._chance.random() < 0.7 else [(first, second), (first, third)]
        )
        back = [(b, a) for a, b in pairs] if self._chance.random() < 0.6 else []
        return Cut((*pairs, *back))

    def _loss(self) -> Fault:
        first, second = self._chance.sample(self._sites, 2)
        return Loss(first, second, self._chance.choice((5, 20, 40)))

    def _delay(self) -> Fault:
        first, second = self._chance.sample(self._sites, 2)
        seconds = self._chance.choice((0.02, 0.04, 0.15))
        return Delay(first, second, seconds, seconds / 4)

    def _wrong_clock(self) -> Fault:
        return WrongClock(self._program(self.CLOCKS), self._chance.choice((-3600, 3600)))

    def _full_disk(self) -> Fault:
        return FullDisk(self._chance.choice(self._machine.settings.datacentres))
