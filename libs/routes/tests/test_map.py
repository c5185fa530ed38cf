"""A map over real etcd and real routing services, while both are killed and started again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import etcd
from etcd import Client, Delete, Put, Span
from kernel.ids import PortalId
from routes import RouteMap, RoutesUnavailableError
from testkit.etcd import Cluster
from testkit.routing import TOKEN, Installation

from .deadlines import until

Own = tuple[Installation, Cluster]


async def test_a_node_follows_through_the_death_of_its_routing_service(own: Own) -> None:
    installation, cluster = own
    async with following(installation) as routes, etcd.connect(cluster.urls) as directory:
        await put(directory, 1, "acme")
        await until(lambda: routes.find("acme"))

        installation.services["dc-a"].kill()
        await put(directory, 2, "beta")
        await until(lambda: routes.find("beta"))

        await asyncio.to_thread(restart, installation, "dc-a")
        installation.services["dc-b"].kill()
        await put(directory, 3, "gamma")
        await until(lambda: routes.find("gamma"))
        assert routes.find("acme")


async def test_with_every_routing_service_stopped_a_node_resolves_and_catches_up_later(
    own: Own,
) -> None:
    installation, cluster = own
    async with following(installation) as routes, etcd.connect(cluster.urls) as directory:
        for number in (1, 2):
            await put(directory, number, f"h{number}")
        await until(lambda: len(routes) == 2)
        installation.kill()

        await directory.txn([], [Delete(Span("portal/1"))])
        await put(directory, 2, "h2", epoch=2, home="dc-b")
        await put(directory, 3, "h3")

        for _ in range(3):
            assert routes.find("h1")
            assert await routes.resolve("h2")
            with pytest.raises(RoutesUnavailableError):  # it is there, though nobody can tell
                await routes.resolve("h3")
        stale = routes.find("h2")
        assert stale is not None
        waiting = asyncio.create_task(routes.opened(PortalId(2), 60, stale=stale))

        await asyncio.to_thread(installation.start)

        newer = await waiting
        assert newer is not None
        assert (newer.owner, newer.epoch) == ("dc-b", 2)
        await until(lambda: routes.find("h3") and routes.find("h1") is None)


async def test_with_etcd_stopped_a_node_resolves_and_catches_up_later(own: Own) -> None:
    installation, cluster = own
    async with following(installation) as routes, etcd.connect(cluster.urls) as directory:
        await put(directory, 1, "h1")
        await until(lambda: routes.find("h1"))
        cluster.kill()

        assert await routes.resolve("h1")
        with pytest.raises(RoutesUnavailableError):
            await routes.resolve("unheard-of")

        for member in cluster.members:
            member.start()
        cluster.wait()
        await put(directory, 2, "h2")
        await until(lambda: routes.find("h2"))
        await until(lambda: routes.silent_seconds < 3)


async def test_a_node_restarted_while_everything_is_down_knows_its_routes(
    own: Own, tmp_path: Path
) -> None:
    installation, cluster = own
    file = tmp_path / "routes.jsonl"
    async with following(installation, file) as routes, etcd.connect(cluster.urls) as directory:
        await put(directory, 1, "h1")
        await until(lambda: routes.find("h1"))
    installation.kill()
    cluster.kill()

    async with RouteMap.follow(installation.urls, TOKEN, file=file) as routes:
        await asyncio.wait_for(routes.wait_until_loaded(), 30)
        assert routes.find("h1")


@pytest.mark.usefixtures("patient_misses")
async def test_a_host_unknown_to_memory_is_asked_for(own: Own) -> None:
    """Right after it was made, maybe before the stream could tell."""
    installation, cluster = own
    async with following(installation) as routes, etcd.connect(cluster.urls) as directory:
        await directory.put("host/h1", b'{"portal":"1","state":"active"}')
        await directory.put("host/h2", b'{"portal":"2","state":"claimed"}')
        await put(directory, 1, "h1")

        found = await routes.resolve("h1")

        assert found is not None
        assert found.portal == 1
        assert await routes.resolve("h2") is None
        assert await routes.resolve("nobody") is None


async def test_a_frozen_routing_service_is_left_in_time(
    own: Own, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("routes.source.SILENCE_SECONDS", 3.0)
    installation, cluster = own
    async with following(installation) as routes, etcd.connect(cluster.urls) as directory:
        installation.services["dc-a"].freeze()
        await put(directory, 1, "h1")

        await until(lambda: routes.find("h1"))

        installation.services["dc-a"].thaw()


async def test_a_takeover_reaches_all_portals_of_the_pair_with_one_change(own: Own) -> None:
    installation, cluster = own
    async with following(installation) as routes, etcd.connect(cluster.urls) as directory:
        portals = [Put(f"portal/{n}", portal(n, f"h{n}")) for n in range(1, 101)]
        await directory.txn([], portals)
        await until(lambda: len(routes) == 100)
        before = routes.find("h1")

        serving = b'{"dc-a":"dc-b","dc-b":"dc-b"}'
        await directory.put(
            "pair/1", b'{"id":1,"mode":"SOLO","solo":"dc-b","term":2,"serving":%b}' % serving
        )
        route = await routes.opened(PortalId(1), 60, stale=before)

        assert route is not None
        owners = {
            (found.owner, found.term) for n in range(1, 101) if (found := routes.find(f"h{n}"))
        }
        assert owners == {("dc-b", 2)}


async def test_a_node_that_starts_first_waits_for_the_services(own: Own) -> None:
    installation, cluster = own
    installation.kill()
    async with (
        RouteMap.follow(installation.urls, TOKEN) as routes,
        etcd.connect(cluster.urls) as directory,
    ):
        await put(directory, 1, "h1")
        assert not routes.is_loaded

        await asyncio.to_thread(installation.start)

        await asyncio.wait_for(routes.wait_until_loaded(), 30)
        assert routes.find("h1")


@asynccontextmanager
async def following(
    installation: Installation, file: Path | None = None
) -> AsyncIterator[RouteMap]:
    async with RouteMap.follow(installation.urls, TOKEN, file=file) as routes:
        await asyncio.wait_for(routes.wait_until_loaded(), 30)
        yield routes


def portal(number: int, host: str, *, epoch: int = 1, home: str = "dc-a") -> bytes:
    place = f'"pair":1,"home":"{home}","epoch":{epoch},"state":"active"'
    return f'{{"id":"{number}","host":"{host}",{place}}}'.encode()


async def put(
    directory: Client, number: int, host: str, *, epoch: int = 1, home: str = "dc-a"
) -> None:
    await directory.put(f"portal/{number}", portal(number, host, epoch=epoch, home=home))


def restart(installation: Installation, site: str) -> None:
    installation.services[site].start()
    installation.wait()
