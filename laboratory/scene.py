"""One trial: load on all workloads while something is done to the cluster, and what became of it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path

from laboratory import blame, checker
from laboratory.blame import Blow
from laboratory.checker import APPEND, CREATE, Findings
from laboratory.control import Control
from laboratory.databases import Databases, Found
from laboratory.door import Door, Portal
from laboratory.errors import LaboratoryError
from laboratory.faults import Fault
from laboratory.history import History, Operation
from laboratory.load import Load
from laboratory.machine import Machine
from laboratory.numbers import Spread, spread
from laboratory.results import Result, Row
from laboratory.workloads.bank import ACCOUNTS, FIRST_BALANCE, Auditors, Bank
from laboratory.workloads.leads import Leads
from laboratory.workloads.lists import Lists

REPLICATED_SECONDS = 60.0
BANK = "bank/"
MOST_CAUSES = 8


@dataclass(frozen=True, slots=True)
class Rates:
    """Operations a second of each workload, over all portals."""

    leads: float = 60.0
    list_clients: int = 6
    list_steps: float = 4.0
    bank: float = 32.0
    audits: float = 8.0


@dataclass
class Scene:
    """Everything a scenario works with. ``sizes`` holds its repetitions and lengths."""

    machine: Machine
    control: Control
    door: Door
    databases: Databases
    portals: Sequence[Portal]
    folder: Path
    seed: int
    result: Result

    @asynccontextmanager
    async def trial(self, name: str, rates: Rates | None = None) -> AsyncIterator["Trial"]:
        """Keep all workloads at work while the block runs; judge after it, when there is peace."""
        rates = rates or Rates()
        path = self.folder / f"{self.result.scenario}-{name}.jsonl"
        history = History.begin(path)
        self.result.histories.append(str(path.name))
        async with AsyncExitStack() as stack:
            stack.callback(history.close)
            settings = self.machine.settings
            bank = await stack.enter_async_context(
                Bank.open(settings, self.portals, history, self.seed)
            )
            leads = Leads(self.door, self.portals, history, self.seed)
            trial = Trial(self, history, leads, Lists(self.door, self.portals, history), bank)
            trial.load.arrivals(leads, rates.leads, self.seed)
            trial.load.arrivals(bank, rates.bank, self.seed + 1)
            trial.load.arrivals(Auditors(bank), rates.audits, self.seed + 2)
            trial.load.people(trial.lists, rates.list_clients, rates.list_steps)
            try:
                yield trial
            finally:
                await trial.load.stop()

    def row(
        self, what: str, measured: str, asked: str = "", *, is_kept: bool | None = None
    ) -> None:
        """Note one line of the result."""
        self.result.rows.append(Row(what, measured, asked, is_kept))

    def time(self, what: str, measured: str, asked: str, *, is_kept: bool) -> None:
        """Note one line of the result that a busy machine may spoil."""
        self.result.rows.append(Row(what, measured, asked, is_kept, is_of_time=True))

    def say(self, words: str) -> None:
        """Tell the person at the terminal how it goes."""
        print(f"    {words}", flush=True)


@dataclass
class Trial:
    """What runs during one trial."""

    scene: Scene
    history: History
    leads: Leads
    lists: Lists
    bank: Bank
    load: Load = field(default_factory=Load)
    blows: list[Blow] = field(default_factory=list)

    @asynccontextmanager
    async def under(self, fault: Fault) -> AsyncIterator[None]:
        """Do harm, heal it after the block, and remember when that was."""
        kind = await self._kind_of(fault)
        blow = Blow(kind, self.history.note("fault", fault=repr(fault)))
        self.blows.append(blow)
        try:
            await fault.start(self.scene.machine)
            yield
        finally:
            await fault.heal(self.scene.machine)
            blow.end = self.history.note("healed", fault=repr(fault))

    async def _kind_of(self, fault: Fault) -> str:
        """Name the fault; one that comes while the last is being made good is another matter."""
        try:
            is_second = (await self.scene.control.pair())["mode"] != "SYNC"
        except LaboratoryError:
            is_second = True
        return f"{fault.kind}, the pair not in SYNC" if is_second else fault.kind

    def requests(self) -> list[Operation]:
        """Return the operations that went through the front door."""
        return [o for o in self.history.operations if not o.key.startswith(BANK)]

    def failed(self) -> list[Operation]:
        """Return the requests that a person would have seen fail; a refused ETag is an answer."""
        bad = (o for o in self.requests() if not o.is_ok)
        return [o for o in bad if not o.code.startswith("412")]

    def written(self) -> int:
        """Count the acknowledged writes, on all ways."""
        return sum(o.is_ok and o.kind in {CREATE, APPEND} for o in self.history.operations)

    def latency(self, spans: Iterable[tuple[float, float]] | None = None) -> Spread:
        """Return how long requests took: all of them, or those under way in one of the spans."""
        if spans is None:
            return spread(o.seconds for o in self.requests())
        chosen = {
            o.number: o.seconds
            for start, end in spans
            for o in self.history.between(start, end)
            if not o.key.startswith(BANK)
        }
        return spread(chosen.values())

    async def judge(self) -> Findings:
        """Compare the history with both databases, once they are equal."""
        equal = await self._until_equal()
        first, *others = self.scene.machine.settings.datacentres
        findings = equal
        for site in (first,) if equal.is_clean else (first, *others):
            found = await asyncio.to_thread(self.scene.databases.found, site)
            findings += self._judged_by(found)
        operations = self.history.operations
        findings += checker.judge_ids(operations) + checker.judge_reads(operations)
        findings += checker.judge_bank(operations, ACCOUNTS * FIRST_BALANCE)
        self._keep(findings)
        return findings

    def _judged_by(self, found: Found) -> Findings:
        operations = self.history.operations
        mine = [each for each in found.titles if self.leads.is_ours(each[1])]
        moved = [
            (key, str(transfer.number))
            for key, transfers in found.transfers.items()
            for transfer in transfers
            if self.bank.is_ours(transfer.number)
        ]
        findings = checker.judge_set(operations, mine + moved)
        findings += checker.judge_appends(operations, found.lists)
        for key, balances in found.balances.items():
            moves = [(t.source, t.target, t.amount) for t in found.transfers.get(key, ())]
            findings += checker.judge_balances(moves, FIRST_BALANCE, balances)
        twice = [str(id_) for id_, times in Counter(found.ids).items() if times > 1]
        return findings + Findings(duplicated=[f"id {id_}" for id_ in twice])

    async def _until_equal(self) -> Findings:
        """Wait until both databases have the same contents."""
        sites = self.scene.machine.settings.datacentres
        differing: list[str] = []
        try:
            async with asyncio.timeout(REPLICATED_SECONDS):
                while True:
                    sums = [
                        await asyncio.to_thread(self.scene.databases.checksums, site)
                        for site in sites
                    ]
                    differing = [t for t in sums[0] if sums[0][t] != sums[1].get(t)]
                    if not differing:
                        return Findings()
                    await asyncio.sleep(0.2)
        except TimeoutError:
            return Findings(anomalies=[f"{table} differs" for table in differing])

    def _keep(self, findings: Findings) -> None:
        for each in fields(findings):
            if examples := getattr(findings, each.name):
                self.scene.result.findings.setdefault(each.name, []).extend(examples[:100])

    def report(self, findings: Findings, *, most_failed: int | None = 0) -> None:
        """Note the lines that every trial has; ``most_failed`` requests may fail, or any number."""
        scene, failed = self.scene, self.failed()
        codes = _listed(Counter(o.code or "no answer" for o in failed))
        scene.row(
            "acknowledged operations",
            f"{self.history.acknowledged:,}, {self.written():,} of them writes",
        )
        scene.row(
            "failed or unanswered requests",
            f"{len(failed)} of {len(self.requests()):,}" + (f" ({codes})" if codes else ""),
            "" if most_failed is None else str(most_failed),
            is_kept=None if most_failed is None else len(failed) <= most_failed,
        )
        if self.blows:
            self._blame(failed)
        verdict = ", ".join(
            f"{each.name} {len(getattr(findings, each.name))}" for each in fields(findings)
        )
        scene.row("after comparison of both databases", verdict, "0", is_kept=findings.is_clean)
        if self.load.not_sent:
            scene.row("operations not sent (2,000 under way)", str(self.load.not_sent))

    def _blame(self, failed: Sequence[Operation]) -> None:
        """Note which kinds of faults cost most requests."""
        times = Counter(blow.kind for blow in self.blows)
        causes = list(blame.by_kind(self.blows, failed).items())
        for kind, counts in causes[:MOST_CAUSES]:
            self.scene.row(f"of these by: {kind} ({times[kind]} times)", _listed(counts))
        if others := sum(counts.total() for _, counts in causes[MOST_CAUSES:]):
            self.scene.row("of these by other faults", str(others))


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{times} {what}" for what, times in counts.most_common(4))
