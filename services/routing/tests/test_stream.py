"""The change stream over HTTP."""

import asyncio
import socket
import time
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import pytest

import etcd
from etcd import Client
from routes import RouteMap
from testkit.etcd import Cluster
from testkit.routing import TOKEN, Installation

from .calls import Api, opened, until
from .lines import now, watching

SOON_SECONDS = 12.0  # the server gives open streams up after 15


async def test_a_stream_begins_with_a_heartbeat_and_shows_each_change(
    api: Api, other_api: Api, host: str
) -> None:
    _, revision = await now(other_api)
    async with watching(other_api, revision) as stream:
        assert (await stream.next())["type"] == "heartbeat"

        route = await api.found(host)
        made = await stream.until(lambda line: line["type"] == "portal")
        await api.call("DELETE", f"/v1/portals/{route['portal']}")
        gone = await stream.until(lambda line: line["type"] == "deleted")

    assert made["value"]["host"] == host
    assert made["value"]["revision"] == route["revision"]
    assert (gone["portal"], gone["host"]) == (route["portal"], host)
    assert gone["revision"] > route["revision"]


async def test_who_comes_back_gets_what_it_missed(api: Api, host: str) -> None:
    history, revision = await now(api)
    made = [(await api.found(f"{host}-{n}"))["host"] for n in range(3)]

    async with watching(api, revision, f"&history={history}") as stream:
        seen = [await stream.until(lambda line: line["type"] == "portal") for _ in made]

    assert [line["value"]["host"] for line in seen if line["value"]["host"] in made] == made


async def test_who_comes_from_too_far_back_is_told_to_read_all(api: Api) -> None:
    async with watching(api, after=0) as stream:
        assert await stream.next() == {"type": "resync"}
        with pytest.raises(StopAsyncIteration):
            await stream.next()


async def test_who_comes_from_another_history_is_told_to_read_all(api: Api) -> None:
    _, revision = await now(api)

    async with watching(api, revision, "&history=of-another-etcd") as stream:
        assert await stream.next() == {"type": "resync"}


async def test_heartbeats_agree_between_services_on_one_etcd(
    api: Api, other_api: Api, host: str
) -> None:
    await api.found(host)
    for _ in range(100):
        beats = []
        for each in (api, other_api):
            async with watching(each, (await now(each))[1]) as stream:
                beats.append(await stream.until(lambda line: line["type"] == "heartbeat"))
        if beats[0]["revision"] == beats[1]["revision"] and beats[0]["stale_seconds"] == 0:
            break
    assert beats[0]["revision"] == beats[1]["revision"]
    assert beats[0]["checksum"] == beats[1]["checksum"]
    assert beats[0]["stale_seconds"] == 0


async def test_a_pair_that_is_taken_over_is_one_line(
    own: tuple[Installation, Cluster], own_api: Api
) -> None:
    _, revision = await now(own_api)
    _, pair = await own_api.get("/v1/pairs/1")
    serving = {"dc-a": "dc-b", "dc-b": "dc-b"}
    async with watching(own_api, revision) as stream:
        change = {"revision": pair["revision"], "term": 2, "serving": serving}

        status, changed = await own_api.call("PATCH", "/v1/pairs/1", change)

        line = await stream.until(lambda line: line["type"] == "pair")
    assert status == 200
    assert line["value"] == changed


async def test_a_subscriber_that_does_not_read_is_cut_off(
    own: tuple[Installation, Cluster], own_api: Api
) -> None:
    installation, cluster = own
    _, revision = await now(own_api)
    with _deaf_subscriber(installation.urls[0], revision) as deaf:
        async with etcd.connect(cluster.urls) as client:
            await _make_noise_until_cut_off(own_api, client)
        deaf.settimeout(30)
        while deaf.recv(1 << 20):
            pass  # what was under way still arrives, then the end: no time-out here
    async with watching(own_api, (await now(own_api))[1]) as stream:
        assert (await stream.next())["type"] == "heartbeat"


async def test_after_a_compaction_nothing_is_missing(
    own: tuple[Installation, Cluster], own_api: Api
) -> None:
    """The service was cut off while etcd changed and forgot how."""
    installation, cluster = own
    route = await own_api.found("acme")
    history, revision = await now(own_api)
    async with watching(own_api, revision) as stream:
        # killing the members ends the watch; the second service is killed so that only we come back
        installation.services["dc-b"].kill()
        installation.services["dc-a"].freeze()
        async with etcd.connect(cluster.urls) as client:
            await client.put("portal/5", _portal("5", "beta"))
            gone = await client.txn([], [etcd.Delete(etcd.Span(f"portal/{route['portal']}"))])
            await client._members.write("kv/compaction", {"revision": str(gone.revision)})
        for member in cluster.members:
            member.kill()
        for member in cluster.members:
            member.start()
        cluster.wait()
        installation.services["dc-a"].thaw()

        made = await stream.until(lambda line: line["type"] == "portal")
        lost = await stream.until(lambda line: line["type"] == "deleted")
    assert (made["value"]["host"], lost["host"]) == ("beta", "acme")
    assert (await now(own_api))[0] == history


async def test_a_record_that_cannot_be_read_holds_up_nobody(
    own: tuple[Installation, Cluster], own_api: Api
) -> None:
    installation, cluster = own
    async with (
        etcd.connect(cluster.urls) as client,
        watching(own_api, (await now(own_api))[1]) as stream,
    ):
        await client.put("portal/4", b"not JSON")
        await client.put("portal/5", _portal("5", "beta"))

        made = await stream.until(lambda line: line["type"] == "portal")
    assert made["value"]["host"] == "beta"
    installation.services["dc-a"].kill()
    installation.services["dc-a"].start()
    await asyncio.to_thread(installation.wait)
    assert [p["host"] for p in (await own_api.get("/v1/routes"))[1]["portals"]] == ["beta"]


async def test_a_restarted_service_goes_on_where_nothing_changed(
    own: tuple[Installation, Cluster], own_api: Api
) -> None:
    installation, cluster = own
    await own_api.found("acme")
    _, revision = await now(own_api)
    installation.services["dc-a"].kill()
    async with etcd.connect(cluster.urls) as client:
        await client.put("limit/signup/192.0.2.1", b"{}")
    installation.services["dc-a"].start()
    await asyncio.to_thread(installation.wait)

    async with watching(own_api, revision) as stream:
        assert (await stream.next())["type"] == "heartbeat"


async def test_a_service_that_is_asked_to_end_ends_soon_and_in_order(
    own: tuple[Installation, Cluster], own_api: Api
) -> None:
    installation, _ = own
    async with watching(own_api, (await now(own_api))[1]) as stream:
        await stream.next()
        started = time.monotonic()

        status = await asyncio.to_thread(installation.services["dc-a"].terminate)

        assert status == 0
        assert time.monotonic() - started < SOON_SECONDS
        with pytest.raises(StopAsyncIteration):
            await stream.until(lambda line: False)
    async with opened(installation.urls[1]) as other:
        assert (await other.get("/readyz"))[0] == 200


async def test_who_comes_back_while_a_service_ends_does_not_hold_it(
    own: tuple[Installation, Cluster],
) -> None:
    """One whose stream ended is back sooner than the server has closed its door."""
    installation, _ = own
    async with AsyncExitStack() as stack:
        for _ in range(8):
            follow = RouteMap.follow(installation.urls[:1], TOKEN)
            routes = await stack.enter_async_context(follow)
            await asyncio.wait_for(routes.wait_until_loaded(), 30)
        for _ in range(3):
            started = time.monotonic()
            await asyncio.to_thread(installation.services["dc-a"].terminate)
            assert time.monotonic() - started < SOON_SECONDS
            installation.services["dc-a"].start()
            await asyncio.to_thread(installation.wait)


async def _make_noise_until_cut_off(api: Api, client: Client) -> None:
    """Change a hundred portals again and again; each change is a long line."""
    host = "noise" * 400
    noise = [etcd.Put(f"portal/{n}", _portal(str(n), f"{host}{n}")) for n in range(1, 101)]

    async def is_cut_off() -> bool:
        await client.txn([], noise)
        return "routing_subscribers_cut_off_total 1.0" in (await api.client.get("/metrics")).text

    await until(is_cut_off, seconds=60)


def _deaf_subscriber(url: str, revision: int) -> socket.socket:
    """Subscribe, and never read."""
    parts = urlsplit(url)
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.connect((parts.hostname, parts.port))
    request = (
        f"GET /v1/watch?revision={revision} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}"
    )
    deaf.sendall(f"{request}\r\nConnection: close\r\n\r\n".encode())
    return deaf


def _portal(portal: str, host: str) -> bytes:
    place = '"pair":1,"home":"dc-a","epoch":1,"state":"active"'
    return f'{{"id":"{portal}","host":"{host}",{place}}}'.encode()
