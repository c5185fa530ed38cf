"""The end of a server and its two kinds of start, with real servers, a real launcher and etcd."""

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pymysql
import pytest

from failover.actions import (
    AcceptWrites,
    AcknowledgeAlone,
    Note,
    RestartSafely,
    StartReceiver,
    StopReceiver,
)
from failover.database.agency import SecondAgentError, sole_agent
from failover.database.process import ServerProcess
from failover.record import Rejoin, Step
from kernel.settings import SETTINGS_VARIABLE
from testkit.etcd import Cluster
from testkit.process import Process

from .scene import PEACE, Scene, Side, record, seconds_until, until

A, B = PEACE.sites
AWAY = replace(PEACE, serving={A: B, B: B}, term=2, alone=frozenset((B,)), away=A)
BACK = replace(AWAY, move=Rejoin(A, Step.RESTART))
STILL_SECONDS = 1.0


@contextmanager
def launched(side: Side) -> Iterator[Process]:
    """What the supervisor does for a database that has ended."""
    side.server.kill()
    names = {
        SETTINGS_VARIABLE: str(side.server.layout.file),
        "PORTICO_SITE": side.server.site.name,
        "PORTICO_NODE": "mariadb",
    }
    command = (sys.executable, "-m", "failover.database.start")
    process = Process(command, side.server.layout.log / "launched.log", names)
    process.start()
    try:
        yield process
    finally:
        process.kill()


async def cut_off(side: Side, writing: asyncio.Task[int]) -> None:
    """Kill a server whose writer waits for an answer."""
    side.server.kill()
    with pytest.raises(pymysql.MySQLError):
        await writing


async def gone(scene: Scene) -> None:
    """Wait until the server of A has ended."""

    async def is_gone() -> bool:
        return ServerProcess.find(scene.settings, A) is None

    await seconds_until(is_gone)


async def test_a_safe_restart_ends_this_server_once_for_a_record(scene: Scene) -> None:
    own = scene.a.database
    revision = await record(scene.settings, BACK)
    before = ServerProcess.find(scene.settings, A)
    assert before is not None

    assert await own.obey(Note(revision))
    assert not await own.obey(RestartSafely(revision - 1))
    assert ServerProcess.find(scene.settings, A) == before
    assert await own.obey(RestartSafely(revision))
    await gone(scene)
    assert await own.observe() is None
    assert not await own.obey(RestartSafely(revision))

    with launched(scene.a):
        seen = await until(own, lambda seen: seen.is_pristine)
        assert seen.is_read_only
        assert not seen.waits_for_peer
        assert not seen.receiver_runs
        assert await own.obey(RestartSafely(revision))
        assert (await until(own, lambda seen: True)).run == seen.run != before.started
        assert await own.obey(AcceptWrites(revision))
        await until(own, lambda seen: not seen.is_pristine)


async def test_a_frozen_server_is_ended_too(scene: Scene) -> None:
    scene.a.server.freeze()

    assert await scene.a.database.obey(RestartSafely(scene.revision))

    await gone(scene)


async def test_a_restart_never_hits_another_process(scene: Scene) -> None:
    peer = ServerProcess.find(scene.settings, B)
    assert peer is not None
    scene.a.server.kill()
    pid_file = scene.settings.data_dir(A, "mariadb") / "mysqld.pid"
    pid_file.write_text(str(peer.pid))

    assert not await scene.a.database.obey(RestartSafely(scene.revision))

    assert ServerProcess.find(scene.settings, B) == peer


async def test_a_replica_forgets_what_nobody_acknowledged(scene: Scene) -> None:
    a, b = scene.a, scene.b
    assert await b.database.obey(StopReceiver(scene.revision))
    writing = asyncio.create_task(asyncio.to_thread(a.write))
    await until(a.database, lambda seen: seen.waiting_commits == 1)
    await cut_off(a, writing)
    assert await b.database.obey(AcknowledgeAlone(scene.revision))
    await asyncio.to_thread(b.write)

    revision = await record(scene.settings, BACK)
    with launched(a):
        await until(a.database, lambda seen: seen.is_pristine)
        assert await a.database.obey(StartReceiver(revision))
        there = await until(b.database, lambda seen: True)
        await until(a.database, lambda seen: seen.logged == there.logged)
        assert a.notes() == b.notes()


async def test_a_replica_gets_back_what_its_peer_has_received(scene: Scene) -> None:
    """Even if it had seen it come back: it ignored it then, and its position is past it."""
    a, b = scene.a, scene.b
    assert await b.database.obey(StopReceiver(scene.revision))
    writing = asyncio.create_task(asyncio.to_thread(a.write))
    await until(a.database, lambda seen: seen.waiting_commits == 1)
    with b.server.connect_as_root() as root, root.cursor() as cursor:
        cursor.execute("SET GLOBAL rpl_semi_sync_slave_enabled = OFF")  # an answer that gets lost
        assert await b.database.obey(StartReceiver(scene.revision))
        await until(a.database, lambda seen: position_of_own(a) == seen.logged[A])
        assert await b.database.obey(StopReceiver(scene.revision))
        cursor.execute("SET GLOBAL rpl_semi_sync_slave_enabled = ON")
    await cut_off(a, writing)
    assert await b.database.obey(AcknowledgeAlone(scene.revision))

    revision = await record(scene.settings, BACK)
    with launched(a):
        forgetful = await until(a.database, lambda seen: seen.is_pristine)
        there = await until(b.database, lambda seen: True)
        assert forgetful.logged[A] < there.logged[A]
        assert await a.database.obey(StartReceiver(revision))
        await until(a.database, lambda seen: seen.logged[A] == there.logged[A])
        assert a.notes() == b.notes() != set()


async def test_who_acknowledged_alone_forgets_nothing_when_he_comes_back_after_a_force(
    scene: Scene,
) -> None:
    a = scene.a
    assert await a.database.obey(AcknowledgeAlone(scene.revision))
    assert await scene.b.database.obey(StopReceiver(scene.revision))
    with a.server.connect_as_root() as root, root.cursor() as cursor:
        cursor.execute(
            "SET GLOBAL innodb_flush_log_at_trx_commit = 1, sync_binlog = 1"
        )  # as in production
    alone = [await asyncio.to_thread(a.write) for _ in range(5)]
    a.server.kill()

    revision = await record(scene.settings, replace(BACK, forced=True))
    with launched(a):
        seen = await until(a.database, lambda seen: seen.is_pristine)
        assert (seen.is_read_only, seen.receiver_runs, seen.waits_for_peer) == (True, False, False)
        assert set(alone) <= a.notes()
        assert await a.database.obey(Note(revision))


def position_of_own(side: Side) -> int:
    """Return the number of the last transaction of its own that has come back to a server."""
    with side.server.connect_as_root() as root, root.cursor() as cursor:
        cursor.execute("SELECT REGEXP_SUBSTR(@@GLOBAL.gtid_slave_pos, '(?<![0-9-])1-1-[0-9]+')")
        (row,) = cursor.fetchall()
    return int(row[0].rpartition("-")[2] or 0)


async def test_a_database_waits_for_etcd_and_for_its_turn(scene: Scene, ownership: Cluster) -> None:
    await record(scene.settings, AWAY)
    ownership.kill()
    with launched(scene.a):
        await still_down(scene)
        ownership.start()
        await still_down(scene)
        await record(scene.settings, BACK)
        await until(scene.a.database, lambda seen: seen.is_pristine)


async def still_down(scene: Scene) -> None:
    """Look for a while whether the server of A starts."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STILL_SECONDS):
            while True:
                assert await scene.a.database.observe() is None
                await asyncio.sleep(0.1)


async def test_a_plain_start_is_read_only_and_receives_nothing(scene: Scene) -> None:
    scene.a.server.kill()
    scene.a.server.start()

    seen = await until(scene.a.database, lambda seen: True)

    assert seen.is_read_only
    assert seen.waits_for_peer
    assert not seen.is_pristine
    assert not seen.receiver_runs


async def test_there_is_one_agent_for_a_server(scene: Scene) -> None:
    with (
        sole_agent(scene.settings, A),
        sole_agent(scene.settings, B),
        pytest.raises(SecondAgentError),
        sole_agent(scene.settings, A),
    ):
        pass

    with sole_agent(scene.settings, A):
        pass
