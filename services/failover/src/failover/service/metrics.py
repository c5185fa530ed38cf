"""What is seen, as numbers for Prometheus; measured once a second from what the loops saw last."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from shutil import disk_usage

from prometheus_client import Gauge

from failover import problems
from failover.control.look import Look
from failover.record import Mode, behind
from failover.service.plane import Plane
from failover.service.wiring import keep_running
from failover.state import Snapshot
from kernel.ids import PairId

PERIOD_SECONDS = 1.0
OLD_SECONDS = 2.0
"""Without a reading of etcd for so long there is no majority."""

MODE = Gauge("failover_mode", "1 for the mode the pair is in.", ("pair", "mode"))
TERM = Gauge("failover_term", "The pair's term: raised by each change of owner.", ("pair",))
AWAY = Gauge("failover_away", "1 for a datacentre that is out of service.", ("pair", "site"))
PROBLEM = Gauge("failover_problem", "1 for a problem that shows now.", ("pair", "code", "urgency"))
LAG = Gauge("failover_lag_seconds", "How late the applier is.", ("pair", "site"))
BEHIND = Gauge("failover_lag_transactions", "What the peer has and it lacks.", ("pair", "site"))
WAITING = Gauge("failover_waiting_commits", "Commits that wait for the peer.", ("pair", "site"))
AGE = Gauge("failover_report_age_seconds", "Since the agent's last report.", ("pair", "site"))
LEADS = Gauge("failover_is_leader", "1 if this site's controller leads.")
KNOWS = Gauge("failover_knows_leader", "1 if etcd names a leader, as far as this site knows.")
MAJORITY = Gauge("failover_etcd_has_majority", "1 if this site could read etcd lately.")
HORIZON = Gauge(
    "failover_disk_horizon_seconds", "Until the data's disk is full at the present rate."
)


@asynccontextmanager
async def measured(plane: Plane) -> AsyncIterator[None]:
    """Measure for as long as the context is open."""
    task = asyncio.create_task(keep_running("metrics", lambda: _measure_on(plane)))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait((task,))


async def _measure_on(plane: Plane) -> None:
    disk = Disk(plane.settings.var)
    while True:
        LEADS.set(plane.election.leads_seconds > 0)
        HORIZON.set(disk.horizon_seconds())
        look = plane.sight.last
        MAJORITY.set(look is not None and plane.sight.clock() - look.at < OLD_SECONDS)
        KNOWS.set(look is not None and look.leader is not None)
        if look is not None:
            for pair in plane.pairs:
                if pair in look.records:
                    _measure(plane, look, pair)
        await asyncio.sleep(PERIOD_SECONDS)


def _measure(plane: Plane, look: Look, pair: PairId) -> None:
    seen, label = plane.sight.snapshot(look, pair, plane.election.leads_seconds), str(pair)
    record = look.records[pair].pair
    TERM.labels(label).set(record.term)
    for mode in Mode:
        MODE.labels(label, mode.value).set(record.mode is mode)
    for site in record.sites:
        AWAY.labels(label, site).set(record.away == site)
    shown = {problem.code for problem in problems.find(seen)}
    for problem in problems.PROBLEMS:
        code, urgency = problem.code, problem.urgency.name.lower()
        PROBLEM.labels(label, code, urgency).set(code in shown)
    _measure_reports(seen, label)


def _measure_reports(seen: Snapshot, label: str) -> None:
    for site, report in seen.reports.items():
        AGE.labels(label, site).set(seen.ages[site])
        own = report.database
        if own is None or seen.pair is None:
            continue
        LAG.labels(label, site).set(own.lag_seconds)
        WAITING.labels(label, site).set(own.waiting_commits)
        peer = seen.reports.get(seen.pair.peer_of(site))
        if peer is not None and peer.database is not None:
            BEHIND.labels(label, site).set(behind(own.applied, peer.database.logged))


class Disk:
    """How fast the disk under the data fills; the binary logs are what fills it."""

    SPAN_SECONDS = 600.0
    LEAST_SECONDS = 60.0
    """A shorter time tells nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._free: deque[tuple[float, int]] = deque()

    def horizon_seconds(self) -> float:
        """Return when it is full if the last ten minutes go on; infinite while it does not fill."""
        now, free = time.monotonic(), disk_usage(self._path).free
        self._free.append((now, free))
        while now - self._free[0][0] > self.SPAN_SECONDS:
            self._free.popleft()
        began_at, was_free = self._free[0]
        if now - began_at < self.LEAST_SECONDS:
            return float("inf")
        return free * (now - began_at) / (was_free - free) if was_free > free else float("inf")
