"""Requests wait while their portal moves or its database is gone, and none is lost or done twice."""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from typing import Any

import httpx
import pytest

from routes.confirmation import EVERY_SECONDS
from testkit import ready

from . import own_nodes
from .own_nodes import HELD_SECONDS, SITES, Directory, Own, new_key

PATH = "/api/v1/departments"
UNKNOWN = "503 outcome-unknown"
SOON_SECONDS = 30.0
ROUNDS, QUICK_ROUNDS = 50, 5


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Own]:
    with own_nodes.running(tmp_path_factory.mktemp("own")) as running:
        yield running


@pytest.fixture(scope="module")
async def directory(own: Own) -> AsyncIterator[Directory]:
    async with own_nodes.founded(own) as directory:
        yield directory


@pytest.fixture
async def nodes(own: Own, directory: Directory) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """A client of each web node, at a time when all is well."""
    clients = {site: own.client(site) for site in SITES}
    async with clients["dc-a"], clients["dc-b"]:
        for client in clients.values():
            await until(partial(_is_served, client), SOON_SECONDS)
        yield clients


async def _is_served(client: httpx.AsyncClient) -> bool:
    return (await client.get("/api/v1/me")).status_code == 200


Nodes = dict[str, httpx.AsyncClient]


class Load:
    """Requests that go on until told to stop: half of them writes, and what became of each."""

    def __init__(self, nodes: Nodes, *, keyed: bool) -> None:
        self.answers: Counter[str] = Counter()
        self.made: list[str] = []
        self.unknown: list[str] = []
        self.longest_seconds = 0.0
        self._nodes = nodes
        self._keyed = keyed
        self._running = True

    async def run(self, workers: int = 8) -> None:
        """Ask both nodes."""
        clients = list(self._nodes.values())
        await asyncio.gather(*(self._worker(clients[n % 2]) for n in range(workers)))

    def stop(self) -> None:
        """Let what was begun come to its end."""
        self._running = False

    async def _worker(self, client: httpx.AsyncClient) -> None:
        while self._running:
            started = time.monotonic()
            await self._write(client)
            await self._read(client)
            self.longest_seconds = max(self.longest_seconds, time.monotonic() - started)

    async def _write(self, client: httpx.AsyncClient) -> None:
        name = secrets.token_hex(8)
        headers = new_key() if self._keyed else {}
        answer = await client.post(PATH, json={"name": name}, headers=headers)
        self.answers[_outcome(answer)] += 1
        if answer.status_code == 201:
            self.made.append(name)
        elif answer.json()["code"] == "outcome-unknown":
            self.unknown.append(name)

    async def _read(self, client: httpx.AsyncClient) -> None:
        self.answers[_outcome(await client.get("/api/v1/me"))] += 1


def _outcome(answer: httpx.Response) -> str:
    return "ok" if answer.is_success else f"{answer.status_code} {answer.json()['code']}"


async def until(is_so: Callable[[], Awaitable[bool]], seconds: float) -> None:
    """Ask again until it is so; fail when the time is up."""
    async with asyncio.timeout(seconds):
        while not await is_so():  # noqa: ASYNC110  # other processes have no events of ours
            await asyncio.sleep(0.1)


async def names(client: httpx.AsyncClient) -> Counter[str]:
    """Return every department's name and how often it is there."""
    found: Counter[str] = Counter()
    query: dict[str, Any] | None = {"limit": 200}
    while query is not None:
        page = (await client.get(PATH, params=query)).json()
        found.update(d["name"] for d in page["items"])
        query = {"limit": 200, "cursor": page["next"]} if page.get("next") else None
    return found


async def test_a_planned_switch_fails_no_request_there_and_back(
    directory: Directory, nodes: Nodes
) -> None:
    load = Load(nodes, keyed=False)
    running = asyncio.create_task(load.run())
    for target in ("dc-b", "dc-a", "dc-b", "dc-a"):
        await asyncio.sleep(0.3)
        await directory.switch(target)
        shown = (await nodes["dc-a"].get("/api/v1/portal")).json()
        assert shown["owner_dc"] == target
    load.stop()
    await running
    there = await names(nodes["dc-a"])
    assert set(load.answers) == {"ok"}
    assert {name: there[name] for name in load.made} == dict.fromkeys(load.made, 1)
    assert load.longest_seconds < HELD_SECONDS


async def test_requests_wait_while_a_side_moves_and_go_on_when_that_is_taken_back(
    directory: Directory, nodes: Nodes
) -> None:
    moving = await directory.pair(move={"kind": "switch", "sides": ["dc-a"], "step": "fence"})
    for site in SITES:
        await directory.until_confirmed(site, moving)
    asked = [
        asyncio.create_task(node.request(verb, path, json=body))
        for node in nodes.values()
        for verb, path, body in (("GET", "/api/v1/me", None), ("POST", PATH, {"name": "waited"}))
    ]
    done, _ = await asyncio.wait(asked, timeout=1)
    assert not done

    await directory.pair()

    async with asyncio.timeout(SOON_SECONDS):
        answers = [await answer for answer in asked]
    assert {a.is_success for a in answers} == {True}


@pytest.mark.parametrize("keyed", [True, False])
async def test_a_database_that_dies_and_comes_back_costs_time_and_nothing_else(
    own: Own, nodes: Nodes, *, keyed: bool
) -> None:
    load = Load(nodes, keyed=keyed)
    running = asyncio.create_task(load.run())
    for _ in range(2):
        await asyncio.sleep(0.5)
        own.databases["dc-a"].kill()
        await asyncio.sleep(1)
        for site in SITES:
            assert (await nodes[site].get("/readyz")).status_code == 200
        await asyncio.to_thread(own.restart, "dc-a")
    await asyncio.sleep(0.5)
    load.stop()
    await running

    there = await names(nodes["dc-b"])
    assert {name: there[name] for name in load.made} == dict.fromkeys(load.made, 1)
    assert all(there[name] <= 1 for name in load.unknown)
    allowed = {"ok"} if keyed else {"ok", UNKNOWN}
    assert set(load.answers) <= allowed, load.answers


async def test_a_database_that_hangs_for_a_while_is_waited_for(own: Own, nodes: Nodes) -> None:
    own.databases["dc-a"].freeze()
    try:
        asked = [
            asyncio.create_task(node.post(PATH, json={"name": "hung"}, headers=new_key()))
            for node in nodes.values()
            for _ in range(20)
        ]
        done, _ = await asyncio.wait(asked, timeout=5)
        assert not done
    finally:
        own.databases["dc-a"].thaw()
    async with asyncio.timeout(SOON_SECONDS):
        assert {(await answer).status_code for answer in asked} == {201}


async def test_requests_of_a_hung_database_go_to_the_new_owner(
    own: Own, directory: Directory, nodes: Nodes
) -> None:
    own.databases["dc-a"].freeze()
    try:
        asked = {
            (site, keyed): [
                asyncio.create_task(
                    nodes[site].post(
                        PATH, json={"name": "moved"}, headers=new_key() if keyed else {}
                    )
                )
                for _ in range(20)
            ]
            for site in SITES
            for keyed in (True, False)
        }
        await asyncio.sleep(0.5)
        # what the record says first, and the agent then does: nobody waits for the lost one
        own.execute("dc-b", "SET GLOBAL rpl_semi_sync_master_enabled = OFF")
        await directory.give("dc-b", mode="SOLO", solo="dc-b")
        async with asyncio.timeout(2 * HELD_SECONDS):
            answers = {who: [_outcome(await a) for a in theirs] for who, theirs in asked.items()}
        # the owner gives back what dc-b sent to it once it finds that its database hangs; if it is slow
        # to find that, dc-b cannot tell what became of what has no key
        forwarded = Counter(answers.pop(("dc-b", False)))
        assert set(forwarded) <= {"ok", UNKNOWN}
        assert {outcome for theirs in answers.values() for outcome in theirs} == {"ok"}
        everything = sum(map(len, asked.values()))
        made = (await names(nodes["dc-b"]))["moved"]
        assert everything - forwarded[UNKNOWN] <= made <= everything
    finally:
        own.databases["dc-a"].thaw()
        own.execute("dc-b", "SET GLOBAL rpl_semi_sync_master_enabled = ON")
        await directory.switch("dc-a")


async def test_patience_has_an_end_and_says_so(own: Own, nodes: Nodes) -> None:
    own.databases["dc-a"].kill()
    started = time.monotonic()
    try:
        answers = await asyncio.gather(
            *(node.get("/api/v1/me") for node in nodes.values()),
            *(node.post(PATH, json={"name": "never"}) for node in nodes.values()),
        )
        waited = time.monotonic() - started
    finally:
        await asyncio.to_thread(own.restart, "dc-a")
    assert {(a.status_code, a.json()["code"]) for a in answers} == {(503, "database-unavailable")}
    assert HELD_SECONDS - 1 < waited < 2 * HELD_SECONDS
    assert all("Retry-After" in a.headers for a in answers)


async def test_a_forwarded_request_waits_until_both_agree(
    own: Own, directory: Directory, nodes: Nodes
) -> None:
    """dc-a knows already that the portal belongs to dc-b; dc-b hears of it a moment later."""
    async with own.client("dc-b", **{"X-Portico-Hop": "99/1/0"}) as forwarder:
        asked = asyncio.create_task(forwarder.get("/api/v1/me"))
        done, _ = await asyncio.wait([asked], timeout=1)
        assert not done
        await directory.switch("dc-b")
        async with asyncio.timeout(SOON_SECONDS):
            assert (await asked).status_code == 200
    await directory.switch("dc-a")


async def test_a_request_forwarded_by_an_old_route_is_given_back_at_once(
    own: Own, nodes: Nodes
) -> None:
    for held in ("0/0/0", "not a hop"):
        async with own.client("dc-b", **{"X-Portico-Hop": held}) as forwarder:
            async with asyncio.timeout(HELD_SECONDS / 2):  # who waits, waits twice as long
                answer = await forwarder.get("/api/v1/me")
        assert (answer.status_code, answer.json()["code"]) == (503, "owner-not-agreed")
        assert answer.headers["X-Portico-Again"] == "1"


async def test_a_node_confirms_a_move_at_once_and_leaves_with_a_word(
    own: Own, directory: Directory, nodes: Nodes
) -> None:
    quick = 0
    for _ in range(ROUNDS):  # some of them in a row may fall into a moment when the machine is busy
        started = time.monotonic()
        revision = await directory.pair()
        await asyncio.gather(*(directory.until_confirmed(site, revision) for site in SITES))
        quick += time.monotonic() - started < EVERY_SECONDS / 2
        if quick == QUICK_ROUNDS:
            break
    assert quick == QUICK_ROUNDS, "they confirm when it is time, not when there is news"

    await asyncio.to_thread(own.nodes["dc-b"].terminate)
    assert await directory.confirmed("dc-b") == 0
    own.nodes["dc-b"].start()
    await asyncio.to_thread(ready.wait_for, [f"{own.url('dc-b')}/readyz"])


async def test_reads_of_a_node_whose_word_nobody_takes_are_marked(own: Own, nodes: Nodes) -> None:
    header = "X-Portico-Possibly-Stale"

    async def is_marked() -> bool:
        return header in (await nodes["dc-a"].get("/api/v1/me")).headers

    async def is_unmarked() -> bool:
        return not await is_marked()

    await until(is_unmarked, SOON_SECONDS)
    for service in own.routing.values():
        service.kill()
    try:
        await until(is_marked, SOON_SECONDS)
        written = await nodes["dc-a"].post(PATH, json={"name": "not a read"})
        assert written.status_code == 201
        assert header not in written.headers
    finally:
        for service in own.routing.values():
            service.start()
    await until(is_unmarked, 30)
