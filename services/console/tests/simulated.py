"""The failover API over the failover package's own simulation: real decisions, false databases.

Three HTTP servers, one per site, speak of one world that lives on in a thread. Faults are done to it.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any

from typing_extensions import override

from failover import problems
from failover.actions import ChangeRecord
from failover.decide import answer, decide
from failover.decision import Decision
from failover.demands import Demand, Force, Resume, Suspend, SwitchSides
from failover.record import Pair
from failover.simulation.cast import Cast
from failover.simulation.network import EVERYWHERE, SITES, WITNESS
from failover.simulation.peace import take_turns
from failover.state import Database, Snapshot
from failover.wire import pair_to_json

TOKEN = "operator's token"
REAL_SECONDS = 0.01
"""One round of the world."""

Json = dict[str, Any]


class World:
    """A pair at peace, its etcd, and what the leading controller sees of it."""

    def __init__(self) -> None:
        self.cast = Cast(Random(1), 0.0)  # noqa: S311 - not a secret
        self.decisions: list[Json] = []
        self.asked: list[Json] = []
        self.is_held = False
        """Agents and controllers stand still; the API goes on."""
        self.leader: str | None = WITNESS
        self.dead: set[str] = set()
        """Sites whose service does not answer."""
        self._lock = threading.RLock()
        self._over = threading.Event()
        self.url_of: Callable[[str], str]
        for _ in range(3):  # until the reports of all sites have been seen to change
            self._turn()

    def live(self) -> None:
        """Let the world turn until the test ends."""
        while not self._over.wait(REAL_SECONDS):
            with self._lock:
                if not self.is_held:
                    self._turn()

    def end(self) -> None:
        """Let it stand still for ever."""
        self._over.set()

    def do(self, fault: Callable[[Cast], object]) -> None:
        """Do something to the world between two rounds."""
        with self._lock:
            fault(self.cast)
            self.cast.world.changed()

    @property
    def pair(self) -> Pair:
        """The record."""
        return self.cast.world.store.pair

    def status(self, site: str) -> Json:
        """Return the body of ``GET /v1/status``."""
        with self._lock:
            seen = self._look()
            leader = self.leader and {"site": self.leader, "url": self.url_of(self.leader)}
            return {
                "site": site,
                "leader": leader,
                "wall": self.cast.world.now,
                "pairs": [self._pair(seen)],
                "witness": {"age_seconds": seen.ages.get(WITNESS)},
                "etcd": {"has_majority": True},
                "version": "1",
            }

    def demand(self, demand: Demand, *, is_dry_run: bool) -> tuple[int, Json]:
        """Return the answer to a verb."""
        with self._lock:
            seen = self._look()
            decision = answer(seen, demand)
            if decision.refusal is not None:
                return 409, {"code": decision.refusal.code.value, "detail": decision.refusal.why}
            if is_dry_run:
                return 200, {"why": decision.why}
            self._change(decision)
            return 202, {"why": decision.why, "revision": self.pair.revision}

    def _turn(self) -> None:
        self._look()
        before = self.pair.revision
        self.cast.world.trace = []
        take_turns(self.cast)
        if self.pair.revision != before:
            for line in self.cast.world.trace:
                if "controller: " in line and "ChangeRecord" in line:
                    self._remember(line.split("controller: ")[1].split("  ")[0])

    def _change(self, decision: Decision) -> None:
        assert isinstance(decision.action, ChangeRecord)
        before = self.pair
        assert self.cast.world.store.change(decision.action.after, before.revision)
        self.cast.world.recorded(before)
        self._remember(decision.why)

    def _remember(self, why: str) -> None:
        now, pair = self.cast.world.now, self.pair
        entry = {"at": now, "by": self.leader, "term": pair.term, "mode": pair.mode, "why": why}
        self.decisions.append(entry)

    def _look(self) -> Snapshot:
        return self.cast.controllers[WITNESS].look(leads_seconds=1.0)

    def _pair(self, seen: Snapshot) -> Json:
        pair = self.pair
        return {
            **pair_to_json(pair, {"id": 1}),
            "alone": sorted(pair.alone),
            "revision": pair.revision,
            "sites": {site: self._site(seen, site) for site in SITES},
            "nodes": {"live": 2, "behind": seen.nodes_behind},
            "problems": [
                {"code": p.code, "description": p.description, "urgency": p.urgency.name.lower()}
                for p in problems.find(seen)
            ],
            "decisions": self.decisions[-50:],
            "duty": decide(seen).why,
            "comparison": None,
        }

    def _site(self, seen: Snapshot, site: str) -> Json:
        report = seen.reports.get(site)
        own = None if report is None else report.database
        return {
            "age_seconds": seen.ages.get(site),
            "portals": None if own is None else len(self.pair.sides_of(site)),
            "database": None if own is None else _facts(own),
        }


def _facts(own: Database) -> Json:
    return {
        "is_read_only": own.is_read_only,
        "waits_for_peer": own.waits_for_peer,
        "receiver_runs": own.receiver_runs,
        "lag_seconds": own.lag_seconds,
        "applied": dict(own.applied),
        "behind_transactions": 0,
        "waiting_commits": own.waiting_commits,
    }


DEMANDS: dict[str, Callable[[Json], Demand]] = {
    "switch": lambda b: SwitchSides(tuple(b["sides"]), b["target"], b["term"], b["budget_seconds"]),
    "suspend": lambda b: Suspend(b["site"], b["term"]),
    "resume": lambda b: Resume(b["site"], b["term"]),
    "force": lambda b: Force(b["lost"], b["term"], b["loss"]),
}


@contextmanager
def served(hosts: dict[str, str], port: int) -> Iterator[World]:
    """Serve a new world at the addresses of its sites."""
    world = World()
    world.url_of = lambda site: f"http://{hosts[site]}:{port}"
    servers = [_server(world, site, hosts[site], port) for site in EVERYWHERE]
    threads = [threading.Thread(target=server.serve_forever) for server in servers]
    threads.append(threading.Thread(target=world.live))
    for thread in threads:
        thread.start()
    try:
        yield world
    finally:
        world.end()
        for server in servers:
            server.shutdown()
            server.server_close()
        for thread in threads:
            thread.join()


def _server(world: World, site: str, host: str, port: int) -> ThreadingHTTPServer:
    handler = type("Handler", (_Handler,), {"world": world, "site": site})
    return ThreadingHTTPServer((host, port), handler)


class _Handler(BaseHTTPRequestHandler):
    world: World
    site: str

    def do_GET(self) -> None:
        if self.path == "/v1/status":
            self.say(200, self.world.status(self.site))
        else:
            self.say(404, {"code": "not-found", "detail": "There is nothing here."})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.headers["Authorization"] == f"Bearer {TOKEN}"
        leader = self.world.leader
        if leader is None:
            self.say(503, {"code": "no-leader", "detail": "nobody leads"})
        elif self.site != leader:
            self.say(307, {}, Location=self.world.url_of(leader) + self.path)
        else:
            self.say(*self.answer(body))

    def answer(self, body: Json) -> tuple[int, Json]:
        self.world.asked.append({"path": self.path, **body})
        verb = self.path.rpartition("/")[2]
        return self.world.demand(DEMANDS[verb](body), is_dry_run=body["dry_run"])

    def say(self, status: int, answer: Json, **headers: str) -> None:
        if self.site in self.world.dead:
            self.close_connection = True
            return
        content = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
