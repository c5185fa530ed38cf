"""Each command on a real server: what it does, when it does nothing, and that it may come twice."""

import asyncio

import pymysql
import pytest

from db.fence import CHECK, pair_row
from failover.actions import (
    AcceptWrites,
    AcknowledgeAlone,
    AwaitPeer,
    Command,
    Compare,
    Note,
    SetFence,
    StartReceiver,
    StopReceiver,
)
from failover.state import Fence
from kernel.ids import PairId, PortalId

from .scene import Scene, until

BLOCKED_SECONDS = 1.0
ANSWERED_SECONDS = 20.0


def commands(revision: int) -> list[Command]:
    return [
        Note(revision),
        Compare(revision),
        StopReceiver(revision),
        StartReceiver(revision),
        AcknowledgeAlone(revision),
        AwaitPeer(revision),
        AcceptWrites(revision),
        SetFence("dc-a", revision, is_open=True, revision=revision),
    ]


async def test_a_command_may_come_twice_and_is_noted(scene: Scene) -> None:
    own = scene.a.database

    for command in commands(scene.revision):
        assert await own.obey(command), command
        assert await own.obey(command), command
        assert (await until(own, lambda seen: True)).obeyed == scene.revision


async def test_a_command_of_an_older_record_does_nothing(scene: Scene) -> None:
    own = scene.a.database
    assert await own.obey(Note(scene.revision))
    before = await until(own, lambda seen: seen.hears_peer)

    for command in commands(scene.revision - 1):
        assert not await own.obey(command), command

    after = await until(own, lambda seen: seen.hears_peer)
    assert after.obeyed == scene.revision
    assert (after.fences, after.run) == (before.fences, before.run)


async def test_the_receiver_stops_and_starts_and_the_applier_stays(scene: Scene) -> None:
    own = scene.a.database
    run = (await until(own, lambda seen: True)).run

    assert await own.obey(StopReceiver(scene.revision))
    stopped = await until(own, lambda seen: not seen.receiver_runs)
    assert not stopped.hears_peer

    assert await own.obey(StartReceiver(scene.revision))
    started = await until(own, lambda seen: seen.hears_peer)
    assert stopped.run == started.run == run


async def test_a_new_applier_is_a_new_run(scene: Scene) -> None:
    own = scene.a.database
    run = (await until(own, lambda seen: True)).run
    with scene.a.server.connect_as_root() as root, root.cursor() as cursor:
        cursor.execute("STOP SLAVE")

    assert await own.obey(StartReceiver(scene.revision))

    assert (await until(own, lambda seen: seen.hears_peer)).run != run


async def test_without_the_peers_receiver_no_commit_is_answered_until_it_may_be_alone(
    scene: Scene,
) -> None:
    a, b = scene.a, scene.b
    assert await b.database.obey(StopReceiver(scene.revision))

    writing = asyncio.create_task(asyncio.to_thread(a.write))
    await until(a.database, lambda seen: seen.waiting_commits == 1)
    done, _ = await asyncio.wait([writing], timeout=BLOCKED_SECONDS)
    assert not done

    assert await a.database.obey(AcknowledgeAlone(scene.revision))
    number = await asyncio.wait_for(writing, ANSWERED_SECONDS)
    seen = await until(a.database, lambda seen: seen.waiting_commits == 0)
    assert not seen.waits_for_peer
    assert not seen.is_replied_to
    assert number in a.notes()
    assert number not in b.notes()


async def test_who_waits_again_without_a_receiver_answers_nothing(scene: Scene) -> None:
    a, b = scene.a, scene.b
    assert await b.database.obey(StopReceiver(scene.revision))
    assert await a.database.obey(AcknowledgeAlone(scene.revision))
    assert await a.database.obey(AwaitPeer(scene.revision))

    writing = asyncio.create_task(asyncio.to_thread(a.write))
    await until(a.database, lambda seen: seen.waiting_commits == 1)
    assert await b.database.obey(StartReceiver(scene.revision))

    assert await asyncio.wait_for(writing, ANSWERED_SECONDS) in a.notes()


async def test_closing_waits_for_an_open_writer_and_stops_the_next(scene: Scene) -> None:
    own, revision = scene.a.database, scene.revision
    portal = f"portal/{revision}"
    arguments = (pair_row(PairId(1), "dc-a"), revision, portal, 1)
    assert await own.obey(SetFence("dc-a", revision, is_open=True, revision=revision))
    assert await own.set_portal_row(PortalId(revision), Fence(1, is_open=True)) is not None
    closing = SetFence("dc-a", revision, is_open=False, revision=revision)

    with scene.a.server.connect() as writer, writer.cursor() as cursor:
        writer.begin()
        assert cursor.execute(CHECK, arguments) == 1

        assert not await own.obey(closing)
        assert (await until(own, lambda seen: True)).opens("dc-a", revision)

        writer.commit()
        assert await own.obey(closing)
        writer.begin()
        assert cursor.execute(CHECK, arguments) == 0
        writer.rollback()


async def test_a_closed_fence_keeps_the_position_of_its_closing(scene: Scene) -> None:
    own, revision = scene.a.database, scene.revision
    assert await own.obey(SetFence("dc-a", revision, is_open=False, revision=revision))
    closed = await until(own, lambda seen: not seen.opens("dc-a", revision))

    await asyncio.to_thread(scene.a.write)  # of no side: it does not ask the fence
    later = await until(own, lambda seen: seen.logged != closed.logged)

    assert later.closed_at["dc-a"] == closed.closed_at["dc-a"] == closed.logged
    assert await own.obey(SetFence("dc-a", revision, is_open=True, revision=revision))
    assert "dc-a" not in (await until(own, lambda seen: True)).closed_at


async def test_a_fence_never_goes_back(scene: Scene) -> None:
    own, revision = scene.b.database, scene.revision
    assert await own.obey(SetFence("dc-a", revision, is_open=True, revision=revision))

    assert not await own.obey(SetFence("dc-a", revision - 1, is_open=False, revision=revision))

    assert (await until(own, lambda seen: True)).fences["dc-a"] == Fence(revision, is_open=True)


async def test_two_commands_do_not_overlap(scene: Scene) -> None:
    with scene.a.server.connect_as_root() as other, other.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK('portico_failover', 1)")

        assert not await scene.a.database.obey(Note(scene.revision))

        cursor.execute("SELECT RELEASE_LOCK('portico_failover')")
    assert await scene.a.database.obey(Note(scene.revision))


async def test_what_agents_write_reaches_no_other_server(scene: Scene) -> None:
    logged = (await until(scene.a.database, lambda seen: True)).logged

    for command in commands(scene.revision):
        assert await scene.a.database.obey(command)

    assert (await until(scene.a.database, lambda seen: True)).logged == logged


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE portico.mine (id INT)", "DELETE FROM notes", "SHUTDOWN"]
)
def test_an_agent_may_not_touch_what_portals_own(scene: Scene, statement: str) -> None:
    agent = scene.a.server.connect("failover", "portico_failover")
    with agent, agent.cursor() as cursor, pytest.raises(pymysql.MySQLError, match="denied"):
        cursor.execute(statement)
