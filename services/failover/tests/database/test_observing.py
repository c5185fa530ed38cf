"""What a real server says of itself, and what silence, death and lag look like."""

import asyncio
import time

from failover.actions import StartReceiver, StopReceiver
from failover.database import Probe
from kernel import secrets

from .scene import Scene, seconds_until, until

# about a second, and a tenth of one for a round trip, on a quiet machine
SILENCE_SECONDS = 3.0
DEAD_SECONDS = 5.0
STOPS_BY_ITSELF_SECONDS = 2.0  # a receiver that is not killed
ROUND_TRIP_SECONDS = 0.5


async def test_an_idle_pair_hears_each_other_without_a_break(scene: Scene) -> None:
    ends_at = time.monotonic() + 2.0
    while time.monotonic() < ends_at:
        for side in (scene.a, scene.b):
            seen = await side.database.observe()
            assert seen is not None
            assert seen.hears_peer
        await asyncio.sleep(0.02)


async def test_looking_is_cheap(scene: Scene) -> None:
    began_at = time.monotonic()
    for _ in range(20):
        assert await scene.a.database.observe() is not None

    assert (time.monotonic() - began_at) / 20 < ROUND_TRIP_SECONDS


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
    scene.a.server.freeze()
    try:
        await until(scene.b.database, lambda seen: not seen.hears_peer)
        began_at = time.monotonic()
        assert await scene.b.database.obey(StopReceiver(scene.revision))
        assert time.monotonic() - began_at < STOPS_BY_ITSELF_SECONDS
    finally:
        scene.a.server.thaw()
    assert await scene.b.database.obey(StartReceiver(scene.revision))


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
        assert probe.unseen_seconds == 0

        async def is_missed() -> bool:
            return probe.unseen_seconds >= 1

        async def is_seen() -> bool:
            return probe.unseen_seconds == 0

        scene.a.server.freeze()
        try:
            assert await seconds_until(is_missed) < DEAD_SECONDS
        finally:
            scene.a.server.thaw()
        assert await seconds_until(is_seen) < DEAD_SECONDS
