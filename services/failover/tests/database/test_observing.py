"""What a real server says of itself, and what silence, death and lag look like."""

import asyncio
import statistics
import time

from failover.actions import StartReceiver, StopReceiver
from failover.database import Probe
from kernel import secrets

from .scene import Scene, seconds_until, until

# about a second, and a tenth of one for a round trip, on a quiet machine
SILENCE_SECONDS = 10.0
DEAD_SECONDS = 15.0
STOPS_BY_ITSELF_SECONDS = 60  # a receiver that is not killed
ROUND_TRIP_SECONDS = 0.5
UNBROKEN_SECONDS = 40.0


async def test_an_idle_pair_hears_each_other_without_a_break(scene: Scene) -> None:
    """For ten heartbeats; a machine that makes a server sleep is given some attempts."""
    began_at = heard_since = time.monotonic()
    while time.monotonic() - heard_since < 2.0:
        assert time.monotonic() - began_at < UNBROKEN_SECONDS, "there is always a break"
        for side in (scene.a, scene.b):
            seen = await side.database.observe()
            if seen is None or not seen.hears_peer:
                heard_since = time.monotonic()
        await asyncio.sleep(0.02)


async def test_looking_is_cheap(scene: Scene) -> None:
    times = []
    for _ in range(21):
        began_at = time.monotonic()
        await scene.a.database.observe()
        times.append(time.monotonic() - began_at)

    assert statistics.median(times) < ROUND_TRIP_SECONDS
    await until(scene.a.database, lambda seen: True)


async def test_a_write_is_logged_here_and_received_and_applied_there(scene: Scene) -> None:
    before = await until(scene.a.database, lambda seen: True)

    await asyncio.to_thread(scene.a.write)

    number = before.logged.get("dc-a", 0) + 1
    await until(scene.a.database, lambda seen: seen.logged["dc-a"] == number)
    there = await until(scene.b.database, lambda seen: seen.applied.get("dc-a") == number)
    assert there.received["dc-a"] == there.logged["dc-a"] == number


async def test_a_frozen_peer_is_silent_within_a_second_and_heard_when_it_goes_on(
    scene: Scene,
) -> None:
    scene.a.server.freeze()
    try:
        deaf = await until(scene.b.database, lambda seen: not seen.hears_peer, SILENCE_SECONDS)
        assert deaf.receiver_runs
        await until(scene.b.database, lambda seen: seen.receiver_silent_seconds >= 1, DEAD_SECONDS)
        assert await scene.a.database.observe() is None
    finally:
        scene.a.server.thaw()

    heard = await until(scene.b.database, lambda seen: seen.hears_peer)
    assert heard.receiver_heard_seconds < SILENCE_SECONDS


async def test_the_receiver_of_a_frozen_peer_stops_at_once(scene: Scene) -> None:
    own = scene.b.database
    with scene.b.server.connect_as_root() as root, root.cursor() as cursor:
        cursor.execute("SELECT @@GLOBAL.slave_net_timeout")
        ((usual,),) = cursor.fetchall()
        cursor.execute("SET GLOBAL slave_net_timeout = %s", (STOPS_BY_ITSELF_SECONDS,))
        assert await own.obey(StopReceiver(scene.revision))
        assert await own.obey(StartReceiver(scene.revision))
        await until(own, lambda seen: seen.hears_peer)
        scene.a.server.freeze()
        try:
            await until(own, lambda seen: not seen.hears_peer)
            began_at = time.monotonic()
            assert await own.obey(StopReceiver(scene.revision))
            assert time.monotonic() - began_at < STOPS_BY_ITSELF_SECONDS / 2
        finally:
            scene.a.server.thaw()
            cursor.execute("SET GLOBAL slave_net_timeout = %s", (usual,))
    assert await own.obey(StartReceiver(scene.revision))


async def test_lag_grows_while_the_applier_is_held_up(scene: Scene) -> None:
    with scene.b.server.connect_as_root() as holder, holder.cursor() as cursor:
        cursor.execute("LOCK TABLES notes WRITE")
        await asyncio.to_thread(scene.a.write)
        behind = await until(scene.b.database, lambda seen: seen.lag_seconds > 0.3)
        assert behind.received["dc-a"] > behind.applied["dc-a"]
        cursor.execute("UNLOCK TABLES")

    await until(scene.b.database, lambda seen: seen.lag_seconds == 0)


async def test_probes_notice_a_frozen_server_in_about_a_second(scene: Scene) -> None:
    password = secrets.load(scene.settings.secrets_dir, "failover")["probe_password"]
    site = scene.a.server.site
    async with Probe(site.address, scene.settings.ports.mariadb, password) as probe:
        await asyncio.sleep(0.5)

        async def is_missed() -> bool:
            return probe.unseen_seconds >= 1

        async def is_seen() -> bool:
            return probe.unseen_seconds == 0

        await seconds_until(is_seen)
        scene.a.server.freeze()
        try:
            assert await seconds_until(is_missed) < DEAD_SECONDS
        finally:
            scene.a.server.thaw()
        assert await seconds_until(is_seen) < DEAD_SECONDS
