"""What a map makes of services that are behind, mistaken or silent."""

import asyncio
from pathlib import Path

import pytest

from kernel.ids import PortalId
from routes import (
    RouteMap,
    RoutesUnavailableError,
    follower,
    misses,
    source,
)
from routes.snapshot import Snapshot

from .deadlines import until
from .records import TAKEN_OVER, pair, portal, table
from .scripted import Scripted, serving

DEAD = "http://127.0.0.1:9"


async def test_changes_of_the_stream_are_found_at_once(service: Scripted) -> None:
    async with RouteMap.follow([service.url], "token") as routes:
        await routes.wait_until_loaded()
        await service.opened.wait()

        await service.portal(portal(3, revision=11))
        await until(lambda: routes.find("h3"))
        await service.say({"type": "deleted", "portal": "1", "host": "h1", "revision": 12})
        await until(lambda: routes.find("h1") is None)
        await service.pair(pair(term=2, serving=TAKEN_OVER, revision=13))
        await until(lambda: _owner(routes, "h2") == "dc-b")


async def test_a_stale_snapshot_never_rolls_a_route_back(
    service: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "BACKOFF_SECONDS", 0.01)
    async with (
        serving(table(1, 2, revision=9)) as behind,
        RouteMap.follow([service.url, behind.url], "token") as routes,
    ):
        await service.opened.wait()
        await service.portal(portal(1, revision=20, epoch=7))
        await service.say({"type": "deleted", "portal": "2", "host": "h2", "revision": 21})
        await until(lambda: _epoch(routes, "h1") == 7 and routes.find("h2") is None)

        behind.resync_next = True
        await service.hang_up()
        await until(lambda: behind.snapshots == 1)
        await behind.portal(portal(1, revision=1))
        await behind.beat()
        await asyncio.sleep(0.1)

        assert _epoch(routes, "h1") == 7
        assert routes.find("h2") is None, "a deleted portal stays deleted"


async def test_a_late_line_does_not_replace_a_newer_route(service: Scripted) -> None:
    async with RouteMap.follow([service.url], "token") as routes:
        await service.opened.wait()
        await service.portal(portal(1, revision=30, epoch=3))
        await until(lambda: _epoch(routes, "h1") == 3)

        await service.portal(portal(1, revision=25, epoch=2))
        await service.portal(portal(5, revision=31))
        await until(lambda: routes.find("h5"))

        assert _epoch(routes, "h1") == 3


async def test_a_heartbeat_that_differs_makes_the_map_read_all_again(service: Scripted) -> None:
    """A line was lost: the service knows portal 4, and never told."""
    async with RouteMap.follow([service.url], "token") as routes:
        await service.opened.wait()
        await until(lambda: routes.is_loaded)
        await service.beat()
        service.table.put_portal(portal(4, revision=11))
        service.table.remove(PortalId(1), 12)
        service.table.advance(12)

        await service.beat()
        await until(lambda: routes.find("h4"))

        assert routes.find("h1") is None
        assert service.snapshots == 2


async def test_a_difference_that_stays_is_not_asked_for_at_each_heartbeat(
    service: Scripted,
) -> None:
    async with RouteMap.follow([service.url], "token") as routes:
        await service.opened.wait()
        service.mistaken = "0123456789abcdef"
        await service.beat()
        await until(lambda: service.snapshots == 2)
        for _ in range(20):
            await service.beat()
            await asyncio.sleep(0.01)

        assert service.snapshots == 2
        assert routes.find("h1")


async def test_a_difference_that_stays_is_asked_for_again_after_a_while(
    service: Scripted,
) -> None:
    service.mistaken = "0123456789abcdef"
    async with RouteMap.follow([service.url], "token", reread_seconds=0.2):
        async with asyncio.timeout(20):
            while service.snapshots < 3:
                await service.beat()
                await asyncio.sleep(0.01)


async def test_a_silent_service_is_left_for_another_one(
    service: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "SILENCE_SECONDS", 0.2)
    async with (
        serving(table(1, 2, 3, revision=11)) as other,
        RouteMap.follow([service.url, other.url], "token") as routes,
    ):
        await service.opened.wait()

        await until(lambda: routes.find("h3"))


@pytest.mark.parametrize("fault", [{"revision": 5}, {"stale_seconds": 60.0}])
async def test_a_service_that_is_behind_is_left_for_another_one(
    service: Scripted, monkeypatch: pytest.MonkeyPatch, fault: dict[str, float]
) -> None:
    monkeypatch.setattr(follower, "SILENCE_SECONDS", 0.2)
    async with (
        serving(table(1, 2, 3, revision=11)) as other,
        RouteMap.follow([service.url, other.url], "token") as routes,
    ):
        await service.opened.wait()
        async with asyncio.timeout(30):
            while routes.find("h3") is None:
                await service.beat(**fault)
                await asyncio.sleep(0.02)


async def test_another_history_replaces_everything(service: Scripted) -> None:
    """etcd was made anew: its revisions are lower, and right."""
    async with RouteMap.follow([service.url], "token") as routes:
        await service.opened.wait()
        await until(lambda: routes.find("h1"))
        service.table = table(7, revision=2, history="a new history")
        service.resync_next = True

        await service.hang_up()
        await until(lambda: routes.find("h7"))

        assert routes.find("h1") is None


async def test_what_is_not_understood_is_passed_over_or_ends_the_stream(
    service: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "BACKOFF_SECONDS", 0.01)
    async with RouteMap.follow([service.url], "token") as routes:
        await service.opened.wait()
        await service.say({"type": "of a later version"})
        await service.portal(portal(3, revision=11))
        await until(lambda: routes.find("h3"))
        service.opened.clear()

        await service.say({"type": "portal", "value": {"id": "x"}})
        await asyncio.wait_for(service.opened.wait(), 20)

        await service.portal(portal(4, revision=12))
        await until(lambda: routes.find("h4"))


async def test_a_miss_asks_once_for_all_and_remembers_the_no(
    service: Scripted, patient_misses: None
) -> None:
    async with RouteMap.follow([service.url], "token") as routes:
        await routes.wait_until_loaded()

        found = await asyncio.gather(*(routes.resolve("nobody") for _ in range(50)))
        assert found == 50 * [None]
        assert await routes.resolve("nobody") is None
        assert service.asked == 1

        service.table.put_portal(portal(8, revision=11))
        route = await routes.resolve("h8")
        assert route is not None
        assert route.portal == 8


@pytest.mark.parametrize("label", ["", "UPPER", "a.b", "../../metrics", "a" * 64, "é", "a b"])
async def test_what_cannot_be_a_name_is_not_asked_for(service: Scripted, label: str) -> None:
    async with RouteMap.follow([service.url], "token") as routes:
        assert await routes.resolve(label) is None
        assert service.asked == 0


async def test_a_caller_that_gives_up_does_not_take_the_answer_from_others(
    service: Scripted, patient_misses: None
) -> None:
    async with RouteMap.follow([service.url], "token") as routes:
        await routes.wait_until_loaded()
        service.table.put_portal(portal(8, revision=11))
        impatient = asyncio.create_task(routes.resolve("h8"))
        waiting = asyncio.create_task(routes.resolve("h8"))
        await asyncio.sleep(0)

        impatient.cancel()

        assert (await waiting) is not None
        assert service.asked == 1


async def test_nothing_known_and_nobody_there_is_not_a_no() -> None:
    async with RouteMap.follow([DEAD], "token") as routes:
        with pytest.raises(RoutesUnavailableError):
            await routes.resolve("acme")
        assert not routes.is_loaded


async def test_a_host_made_while_the_service_is_slow_is_not_denied(
    service: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(misses, "MISS_SECONDS", 0.2)
    async with RouteMap.follow([service.url], "token") as routes:
        await service.opened.wait()
        service.slow = asyncio.Event()
        with pytest.raises(RoutesUnavailableError):
            await routes.resolve("h8")
        # so that the stream is quicker than the end of the patience
        monkeypatch.setattr(misses, "MISS_SECONDS", 4.0)
        monkeypatch.setattr(source, "ROUTE_SECONDS", 4.0)
        waiting = asyncio.create_task(routes.resolve("h8"))
        await service.portal(portal(8, revision=11))
        await until(lambda: routes.find("h8"))
        assert await waiting, "it came by the stream while its answer did not"
        service.slow.set()


async def test_a_restarted_node_knows_the_routes_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "routes.jsonl"
    Snapshot.of(table(1, 2)).write(file)

    async with RouteMap.follow([DEAD], "token", file=file) as routes:
        await asyncio.wait_for(routes.wait_until_loaded(), 20)

        assert routes.find("h1")
        with pytest.raises(RoutesUnavailableError):  # h3 may have been made since the file
            await routes.resolve("h3")


async def test_who_starts_with_a_file_waits_a_little_for_better(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("routes.map.PATIENCE_SECONDS", 2.0)
    file = tmp_path / "routes.jsonl"
    Snapshot.of(table(1, 2)).write(file)

    async with RouteMap.follow([DEAD], "token", file=file) as routes:
        await asyncio.wait_for(routes.wait_until_loaded(), 20)
        assert not routes.is_settled
        await until(lambda: routes.is_settled)


async def test_who_is_confirmed_by_a_service_is_settled_at_once(service: Scripted) -> None:
    async with RouteMap.follow([service.url], "token") as routes:
        await asyncio.wait_for(routes.wait_until_loaded(), 20)
        assert routes.is_settled


async def test_a_file_of_yesterday_is_brought_up_to_date(service: Scripted, tmp_path: Path) -> None:
    file = tmp_path / "routes.jsonl"
    Snapshot.of(table(1, 9, revision=9)).write(file)

    async with RouteMap.follow([service.url], "token", file=file) as routes:
        await asyncio.wait_for(routes.wait_until_loaded(), 20)
        await until(lambda: routes.find("h2"))

        assert routes.find("h9") is None


async def test_the_routes_are_written_when_a_node_ends(service: Scripted, tmp_path: Path) -> None:
    file = tmp_path / "routes.jsonl"
    async with RouteMap.follow([service.url], "token", file=file) as routes:
        await routes.wait_until_loaded()
    async with RouteMap.follow([DEAD], "token", file=file) as again:
        await asyncio.wait_for(again.wait_until_loaded(), 20)
        assert again.find("h1")


def _owner(routes: RouteMap, label: str) -> str | None:
    route = routes.find(label)
    return None if route is None else route.owner


def _epoch(routes: RouteMap, label: str) -> int | None:
    route = routes.find(label)
    return None if route is None else route.epoch
