"""Those who wait for a route, and the word a node gives of what it knows."""

import asyncio

import pytest

from kernel.ids import PortalId
from routes import DRAINING, Route, RouteMap, confirmation

from .deadlines import until
from .records import TAKEN_OVER, pair, portal
from .scripted import Scripted

DEAD = "http://127.0.0.1:9"


async def test_who_waits_for_a_newer_route_gets_it(service: Scripted) -> None:
    async with RouteMap.follow([service.url], "token") as routes:
        await service.opened.wait()
        await until(lambda: routes.find("h2"))
        for_epoch = [asyncio.create_task(_newer(routes, 1)) for _ in range(10)]
        for_term = asyncio.create_task(_newer(routes, 2))
        await asyncio.sleep(0.01)

        await service.portal(portal(1, revision=11, epoch=2))
        assert {route.epoch for route in await asyncio.gather(*for_epoch) if route} == {2}
        assert not for_term.done()
        await service.pair(pair(term=2, serving=TAKEN_OVER, revision=12))

        taken_over = await for_term
        assert taken_over is not None
        assert (taken_over.term, taken_over.owner) == (2, "dc-b")


async def test_waiting_for_a_newer_route_ends_with_the_time_or_the_portal(
    service: Scripted,
) -> None:
    async with RouteMap.follow([service.url], "token") as routes:
        await service.opened.wait()
        await until(lambda: routes.find("h2"))

        assert await _newer(routes, 1, within_seconds=0.05) is None
        assert await routes.opened(PortalId(404), 5) is None
        waiting = asyncio.create_task(_newer(routes, 1))
        await asyncio.sleep(0.01)
        await service.say({"type": "deleted", "portal": "1", "host": "h1", "revision": 11})
        assert await asyncio.wait_for(waiting, 20) is None


async def test_a_side_that_is_moved_is_draining_until_its_move_ends(service: Scripted) -> None:
    async with RouteMap.follow([service.url], "token") as routes:
        await service.opened.wait()
        await until(lambda: routes.find("h2"))
        assert await routes.opened(PortalId(1), 5) == routes.find("h1")

        await service.pair(pair(revision=11, moving=("dc-a",)))
        await until(lambda: _state(routes, "h1") == DRAINING)
        waiting = asyncio.create_task(routes.opened(PortalId(1), 60))
        await service.pair(pair(term=2, serving=TAKEN_OVER, revision=12, moving=("dc-a",)))
        await until(lambda: _owner(routes, "h1") == "dc-b")
        assert not waiting.done()
        await service.pair(pair(term=2, serving=TAKEN_OVER, revision=13))

        opened = await waiting
        assert opened is not None
        assert (opened.owner, opened.term, opened.state) == ("dc-b", 2, "active")


async def test_a_move_taken_back_lets_those_go_who_wait_for_its_end(service: Scripted) -> None:
    """It ends with the numbers it began with: nothing newer will come."""
    async with RouteMap.follow([service.url], "token") as routes:
        await service.opened.wait()
        await service.pair(pair(revision=11, moving=("dc-a",)))
        await until(lambda: _state(routes, "h1") == DRAINING)
        waiting = asyncio.create_task(routes.opened(PortalId(1), 60))
        await asyncio.sleep(0.01)
        await service.pair(pair(revision=12))

        back = await asyncio.wait_for(waiting, 20)
        assert back is not None
        assert (back.owner, back.term, back.state) == ("dc-a", 1, "active")


async def test_a_portal_that_is_suspended_stays_so_while_its_side_is_moved(
    service: Scripted,
) -> None:
    async with RouteMap.follow([service.url], "token") as routes:
        await service.opened.wait()
        await service.portal(portal(1, revision=11, state="suspended"))
        await service.pair(pair(revision=12, moving=("dc-a",)))
        await until(lambda: _state(routes, "h2") == DRAINING)
        assert _state(routes, "h1") == "suspended"


async def test_a_heartbeat_that_knows_more_than_we_does_not_raise_our_revision(
    service: Scripted,
) -> None:
    """Else a node would confirm a change that it has not seen."""
    async with RouteMap.follow([service.url], "token", node="dc-a/portal-1"):
        await service.opened.wait()
        await until(lambda: service.confirmed.get("dc-a/portal-1") == 10)
        snapshots = service.snapshots

        await service.beat(revision=99, checksum="other than ours")
        await until(lambda: service.snapshots > snapshots)

        assert service.confirmed == {"dc-a/portal-1": 10}


async def test_what_somebody_waits_for_is_confirmed_at_once(
    service: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirmation, "EVERY_SECONDS", 3600)
    async with RouteMap.follow([service.url], "token", node="dc-a/portal-1") as routes:
        await service.opened.wait()
        await until(lambda: service.confirmed)

        await service.pair(pair(revision=11))
        await until(lambda: service.confirmed["dc-a/portal-1"] == 11)
        await service.portal(portal(1, revision=12, state=DRAINING))
        await until(lambda: service.confirmed["dc-a/portal-1"] == 12)
        await service.portal(portal(2, revision=13, epoch=5))
        await until(lambda: (h2 := routes.find("h2")) and h2.epoch == 5)
        assert service.confirmed["dc-a/portal-1"] == 12

    assert service.confirmed == {}


async def test_a_node_whose_word_nobody_takes_knows_it(
    service: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirmation, "LEASE_SECONDS", 0.5)
    monkeypatch.setattr(confirmation, "EVERY_SECONDS", 0.1)
    async with RouteMap.follow([service.url], "token", node="dc-a/portal-1") as routes:
        assert routes.may_be_stale
        await until(lambda: not routes.may_be_stale)
        service.takes_confirmations = False
        await until(lambda: routes.may_be_stale)
        service.takes_confirmations = True
        await until(lambda: not routes.may_be_stale)


async def test_a_node_that_lags_behind_what_the_service_knows_may_be_stale(
    service: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was frozen, say: its word is taken again before it has heard what happened meanwhile."""
    monkeypatch.setattr(confirmation, "LEASE_SECONDS", 0.5)
    service.newest = 12
    async with RouteMap.follow([service.url], "token", node="dc-a/portal-1") as routes:
        await service.opened.wait()
        await until(lambda: service.confirmed)
        await asyncio.sleep(0.3)  # several words
        assert routes.may_be_stale
        await service.portal(portal(1, revision=12))
        await until(lambda: not routes.may_be_stale)


async def test_a_service_of_the_version_before_takes_a_word_as_well(service: Scripted) -> None:
    service.newest = None
    async with RouteMap.follow([service.url], "token", node="dc-a/portal-1") as routes:
        await until(lambda: not routes.may_be_stale)


async def test_who_serves_no_reads_confirms_nothing(service: Scripted) -> None:
    async with RouteMap.follow([service.url], "token") as routes:
        await asyncio.wait_for(routes.wait_until_loaded(), 20)
        assert not routes.may_be_stale
    assert service.confirmed == {}


async def _newer(routes: RouteMap, number: int, within_seconds: float = 60) -> Route | None:
    stale = routes.find_by_id(PortalId(number))
    return await routes.opened(PortalId(number), within_seconds, stale=stale)


def _state(routes: RouteMap, host: str) -> str | None:
    route = routes.find(host)
    return None if route is None else route.state


def _owner(routes: RouteMap, label: str) -> str | None:
    route = routes.find(label)
    return None if route is None else route.owner
