"""The loops of three sites together: takeover and return, planned switch, nothing without etcd."""

import asyncio
import time
from dataclasses import replace

import orjson
import pytest

import etcd
from failover.actions import Compare, Note
from failover.agreement import obeying
from failover.control import keys
from failover.control.demanding import OvertakenError, RefusedError
from failover.control.store import NotLeadingError
from failover.demands import Code, Resume, SwitchSides
from failover.record import Mode, Pair, Position
from failover.state import Fence
from kernel.ids import PortalId
from testkit.etcd import Cluster

from .stage import PAIR, PORTAL, WITNESS, A, B, Stage, until


def is_at_peace(pair: Pair) -> bool:
    return pair.mode is Mode.SYNC and pair.move is None and pair.away is None


async def calm(stage: Stage) -> None:
    """Wait until both databases agree with the record and a controller sees all of it."""
    leader = await stage.leader()

    def sees_all() -> bool:
        look = leader.sight.last
        if look is None:
            return False
        seen, pair = leader.sight.snapshot(look, PAIR), look.records[PAIR].pair
        return all(obeying(seen, pair, site) is not None for site in (A, B))

    await until(lambda: sees_all() and leader.controller.why.get(PAIR) == "all is well")


async def test_a_dead_master_is_taken_over_from_and_comes_back(stage: Stage) -> None:
    stage.start()
    await calm(stage)
    died_at = time.monotonic()
    stage.servers[A].kill()

    taken = await stage.pair_is(lambda pair: pair.serving[A] == B)
    assert time.monotonic() - died_at >= 1.0, "not before it has been silent for a second"
    assert taken.term == 2
    await until(lambda: stage.servers[B].fake.fences.get(A) == Fence(2, is_open=True))

    back = await stage.pair_is(lambda pair: pair.serving[A] == B and is_at_peace(pair))
    assert back.displaced == {A}
    assert stage.servers[A].fake.fences[A].is_open is False
    assert any(isinstance(command, Compare) for command in stage.servers[A].obeyed)


async def test_a_planned_switch_moves_the_side_and_says_so(stage: Stage) -> None:
    stage.start()
    await calm(stage)
    leader = await stage.leader()

    demanded = SwitchSides((A,), B, term=1)
    begun = await leader.controller.demand(PAIR, demanded, is_dry_run=False)

    assert begun.revision is not None
    done = await stage.pair_is(lambda pair: pair.serving[A] == B and pair.move is None)
    assert done.term == 2
    assert stage.servers[A].fake.fences[A] == Fence(1, is_open=False)
    assert stage.servers[B].fake.fences[A] == Fence(2, is_open=True)
    told = [entry["why"] for entry in await leader.store.decisions(PAIR)]
    assert told[-3:] == [
        "dc-a goes to dc-b",
        "dc-a is closed, dc-b has everything: it opens",
        "dc-b serves dc-a",
    ]


async def test_a_dry_run_changes_nothing(stage: Stage) -> None:
    stage.start()
    await calm(stage)
    before, leader = await stage.pair(), await stage.leader()

    begun = await leader.controller.demand(PAIR, SwitchSides((A,), B, term=1), is_dry_run=True)

    assert begun.revision is None
    assert await stage.pair() == before


async def test_a_refused_demand_changes_nothing(stage: Stage) -> None:
    stage.start()
    await calm(stage)
    before, leader = await stage.pair(), await stage.leader()

    with pytest.raises(RefusedError) as refused:
        await leader.controller.demand(PAIR, Resume(A, term=1), is_dry_run=False)

    assert refused.value.refusal.code is Code.NOT_SUSPENDED
    assert await stage.pair() == before


async def test_who_does_not_lead_begins_nothing(stage: Stage) -> None:
    stage.start()
    await calm(stage)
    before, leader = await stage.pair(), await stage.leader()
    other = next(site for site in stage.sites.values() if site is not leader)

    with pytest.raises(NotLeadingError):
        await other.controller.demand(PAIR, SwitchSides((A,), B, term=1), is_dry_run=False)

    assert await stage.pair() == before


async def test_two_controllers_that_both_believe_to_lead_take_each_step_once(stage: Stage) -> None:
    stage.start(A, B)
    await calm(stage)
    leader = await stage.leader()
    twin = stage.site(WITNESS)
    stage.sites[WITNESS] = twin
    twin.election.__dict__.update(leader.election.__dict__)
    twin.election._leads_until += 60.0  # it never hears that its lease has ended
    twin.tasks = [asyncio.create_task(twin.controller.run())]

    demanded = SwitchSides((A,), B, term=1)
    answers = await asyncio.gather(
        *(site.controller.demand(PAIR, demanded, is_dry_run=False) for site in (leader, twin)),
        return_exceptions=True,
    )

    refused = [a for a in answers if isinstance(a, RefusedError | OvertakenError)]
    assert len(refused) == 1
    done = await stage.pair_is(lambda pair: pair.serving[A] == B and pair.move is None)
    assert done.term == 2
    told = [entry["why"] for entry in await leader.store.decisions(PAIR)]
    assert len(told) == len(set(told)) == 3


async def test_a_successor_finishes_what_a_dead_controller_began(stage: Stage) -> None:
    stage.start()
    await calm(stage)
    leader = await stage.leader()
    await leader.controller.demand(PAIR, SwitchSides((A,), B, term=1), is_dry_run=False)

    await leader.kill()

    await stage.pair_is(lambda pair: pair.move is None)


async def test_an_agent_that_lost_etcd_does_nothing_to_its_database(cluster: Cluster) -> None:
    async with etcd.connect(("http://127.0.0.1:1",)) as nobody:
        stage = Stage(nobody)
        stage.sites[A].start()
        await until(lambda: "etcd does not answer" in stage.sites[A].agent.duty.why)
        await asyncio.sleep(0.3)
        await stage.sites[A].kill()

    assert stage.servers[A].obeyed == []


async def test_what_was_looked_at_long_ago_is_not_acted_on(stage: Stage) -> None:
    site = stage.sites[A]
    now = 100.0

    def clock() -> float:
        nonlocal now
        now += 2.0  # asleep between any two glances at the clock
        return now

    site.sight.clock = clock

    assert await site.agent._turn() == 0.0
    assert stage.servers[A].obeyed == []


async def test_an_agent_goes_on_reporting_while_a_fence_waits_for_a_writer(stage: Stage) -> None:
    stage.start(A)
    server, release = stage.servers[A], asyncio.Event()
    obey = server.obey

    async def wait(command: object) -> bool:
        await release.wait()
        return await obey(command)  # type: ignore[arg-type]  # whatever it was

    server.obey = wait  # type: ignore[method-assign]  # a server that hangs
    site = stage.sites[A]
    key = keys.report_key(PAIR, A)
    await until(lambda: site.agent._commands.is_busy)
    first = await stage.client.find(key)
    assert first is not None
    async with asyncio.timeout(20):
        while (later := await stage.client.find(key)) is None or later == first:  # noqa: ASYNC110  # etcd has no event of ours
            await asyncio.sleep(0.1)
    assert site.agent._commands.is_busy
    release.set()

    await until(lambda: Note in {type(command) for command in server.obeyed})


async def test_a_portal_goes_to_the_other_side(stage: Stage) -> None:
    stage.start()
    await calm(stage)
    leader = await stage.leader()

    await leader.handovers.demand(PORTAL, B, 3, 10.0, is_dry_run=False)
    await moved(stage, B)

    assert (await stage.json(keys.portal_key(PORTAL)))["epoch"] == 5
    rows = [server.rows[PORTAL] for server in stage.servers.values()]
    assert rows == [Fence(5, is_open=True)] * 2
    assert await stage.client.find(keys.raised_key(PORTAL)) is None


async def test_a_portal_switch_is_finished_by_a_successor(stage: Stage) -> None:
    stage.start()
    await calm(stage)
    leader = await stage.leader()
    await leader.handovers.demand(PORTAL, B, 3, 30.0, is_dry_run=False)

    await leader.kill()

    await moved(stage, B)


async def test_a_portal_over_its_budget_opens_again_at_home(stage: Stage) -> None:
    stage.start()
    await calm(stage)
    leader = await stage.leader()
    server = stage.servers[A]
    write = server.set_portal_row

    async def wait_for_writers(portal: PortalId, fence: Fence) -> Position | None:
        record = await stage.json(keys.portal_key(portal))
        return None if record.get("target") else await write(portal, fence)

    server.set_portal_row = wait_for_writers  # type: ignore[method-assign]  # while it is leaving
    await leader.handovers.demand(PORTAL, B, 3, 0.3, is_dry_run=False)

    await moved(stage, A)

    assert server.rows[PORTAL] == Fence(5, is_open=True)
    assert (await stage.json(keys.portal_key(PORTAL)))["epoch"] == 5


async def test_a_portal_waits_for_each_live_node_to_hold_its_requests(stage: Stage) -> None:
    stage.start()
    await calm(stage)
    leader = await stage.leader()
    node = "node/dc-a/portal-1"
    value = {"dc": A, "node": "portal-1"}
    await stage.client.put(node, orjson.dumps({**value, "revision": 1}))

    begun = await leader.handovers.demand(PORTAL, B, 3, 30.0, is_dry_run=False)
    sight = stage.sites[B].sight
    await until(lambda: sight.last is not None and sight.last.raised)
    await asyncio.sleep(0.3)
    assert (await stage.json(keys.portal_key(PORTAL)))["state"] == "draining"

    await stage.client.put(node, orjson.dumps({**value, "revision": begun.revision}))
    await moved(stage, B)


async def test_a_portal_is_not_released_by_what_was_read_long_ago(stage: Stage) -> None:
    """The agent of the target was asleep: a node that came meanwhile counts."""
    stage.start(A, WITNESS)
    leader, slow = await stage.leader(), stage.sites[B]
    await leader.handovers.demand(PORTAL, B, 3, 30.0, is_dry_run=False)
    await until(lambda: leader.sight.last is not None and leader.sight.last.raised)
    look = await slow.sight.look()
    assert slow.agent.servant is not None
    rows, record = slow.agent.servant.portals, look.portals[PORTAL]
    await stage.client.put("node/dc-a/portal-1", orjson.dumps({"dc": A, "revision": 1}))

    await rows._follow(replace(look, at=look.at - 2.0), record)
    assert (await stage.json(keys.portal_key(PORTAL)))["state"] == "draining"

    await stage.client.delete(etcd.Span("node/dc-a/portal-1"))
    async with asyncio.timeout(
        20
    ):  # what is read now may be a second old at once, on a busy machine
        while (await stage.json(keys.portal_key(PORTAL)))["state"] == "draining":
            await rows._follow(await slow.sight.look(), record)
    await moved(stage, B)


async def test_a_portal_of_a_dead_master_is_served_where_its_side_is(stage: Stage) -> None:
    stage.start()
    await calm(stage)
    leader = await stage.leader()

    async def hang(portal: PortalId, fence: Fence) -> Position | None:
        return None

    stage.servers[A].set_portal_row = hang  # type: ignore[method-assign]  # it is dying
    await leader.handovers.demand(PORTAL, B, 3, 30.0, is_dry_run=False)
    stage.servers[A].kill()

    await moved(stage, A)
    assert (await stage.pair()).serving[A] == B
    assert stage.servers[B].rows[PORTAL] == Fence(5, is_open=True)


@pytest.mark.parametrize(
    ("target", "epoch", "code"),
    [(B, 2, Code.WRONG_TERM), (A, 3, Code.ALREADY_THERE), (WITNESS, 3, Code.UNKNOWN_SITE)],
)
async def test_a_refused_switch_leaves_the_portal_as_it_is(
    stage: Stage, target: str, epoch: int, code: Code
) -> None:
    stage.start(WITNESS)
    leader = await stage.leader()
    before = await stage.client.find(keys.portal_key(PORTAL))

    with pytest.raises(RefusedError) as refused:
        await leader.handovers.demand(PORTAL, target, epoch, 10.0, is_dry_run=False)

    assert refused.value.refusal.code is code
    assert await stage.client.find(keys.portal_key(PORTAL)) == before


async def test_a_server_that_missed_portals_gets_their_rows(stage: Stage) -> None:
    stage.servers[A].rows = {}
    stage.start(A)

    await until(lambda: stage.servers[A].rows == {PORTAL: Fence(3, is_open=True)})


async def moved(stage: Stage, home: str) -> None:
    """Wait until the switch of the portal has ended, at ``home``."""
    deadline = time.monotonic() + 30
    while (portal := await stage.json(keys.portal_key(PORTAL)))["state"] == "draining":
        assert time.monotonic() < deadline, portal
        await asyncio.sleep(0.02)
    assert portal["home"] == home
    assert await stage.client.find(keys.moving_key(PORTAL)) is None
