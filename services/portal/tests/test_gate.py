"""Which requests a web node serves, forwards, and refuses."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from kernel.ids import PairId, PortalId
from kernel.settings import Settings
from portal.gate import Gate
from portal.rates import Rates
from portal.unit import STALE
from routes import Route
from testkit.portals import TestPortal, client_of, door_url, node_urls


@pytest.mark.feature("PLAN-02")
async def test_each_host_is_its_own_portal_and_an_unknown_one_is_404(
    settings: Settings, acme: TestPortal, beta: TestPortal
) -> None:
    names = [(await p.client.get("/api/v1/portal")).json()["company"] for p in (acme, beta)]
    assert names == ["Акме", "Beta GmbH"]
    async with client_of(door_url(settings), f"nobody.{settings.base_domain}") as stranger:
        answer = await stranger.get("/api/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-portal")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "host", ["", "localhost", "a.b.portico.localhost", "portico.localhost", "acme.evil.example"]
)
async def test_a_host_that_is_no_portal_is_404(settings: Settings, host: str) -> None:
    url = node_urls(settings, settings.datacentres[0].name)[0]
    async with client_of(url, host) as client:
        assert (await client.get("/api/v1/me")).json()["code"] == "unknown-portal"


@pytest.mark.feature("ARCH-31")
async def test_a_request_at_the_wrong_datacentre_is_forwarded_to_the_owner(
    settings: Settings, acme: TestPortal, beta: TestPortal
) -> None:
    assert (acme.home_dc, beta.home_dc) == (settings.home_of("ru"), settings.home_of("eu"))
    for site in settings.datacentres:
        for url in node_urls(settings, site.name):
            for portal in (acme, beta):
                async with portal.at(url) as client:
                    shown = (await client.get("/api/v1/portal")).json()
                assert (shown["id"], shown["owner_dc"]) == (str(portal.id), portal.home_dc)


async def test_any_node_gives_the_same_answers(settings: Settings, acme: TestPortal) -> None:
    """Made on one node, seen at once on every other: no node keeps anything to itself."""
    urls = [u for s in settings.datacentres for u in node_urls(settings, s.name)]
    for number, url in enumerate(urls):
        async with acme.at(url) as client:
            made = await client.post("/api/v1/departments", json={"name": f"Узел {number}"})
        assert made.status_code == 201, made.text
        for other in urls:
            async with acme.at(other) as client:
                found = (await client.get("/api/v1/departments?limit=200")).json()["items"]
            assert made.json() in found


async def test_a_forwarded_request_is_not_forwarded_again(
    settings: Settings, acme: TestPortal
) -> None:
    elsewhere = [s.name for s in settings.datacentres if s.name != acme.home_dc]
    for site in elsewhere:
        async with acme.at(node_urls(settings, site)[0]) as client:
            answer = await client.get("/api/v1/me", headers={"X-Portico-Hops": "1"})
        assert (answer.status_code, answer.json()["code"]) == (503, "owner-not-agreed")


OLD = Route(PortalId(1), "acme", PairId(1), "dc-a", "dc-a", 1, 1, "active")
NEW = Route(PortalId(1), "acme", PairId(1), "dc-a", "dc-a", 1, 2, "active")
AWAY = Route(PortalId(1), "acme", PairId(1), "dc-a", "dc-b", 2, 1, "active")
DRAINING = Route(PortalId(1), "acme", PairId(1), "dc-a", "dc-a", 1, 1, "draining")


class Stage:
    """A gate around a tiny application, with a route that changes when the test says so."""

    def __init__(self, route: Route, then: Route | None, stale_times: int = 0) -> None:
        self.route, self.then, self.stale = route, then, stale_times
        self.per_second = 1000.0
        self.bodies: list[bytes] = []
        self.forwarded: list[str] = []
        limits = SimpleNamespace(json_body_bytes=100, held_request_seconds=0.2)
        settings = SimpleNamespace(limits=limits, base_domain="portico.localhost")
        self.resources: Any = SimpleNamespace(settings=settings, site="dc-a", routes=self)

    def find(self, _label: str) -> Route | None:
        return self.route

    async def newer_than(self, *_: Any) -> Route | None:
        return self.then

    async def forward(self, _scope: Any, receive: Any, send: Any, *, to: str) -> None:
        self.forwarded.append(to)
        await self._read(receive)
        await _answer(send, 200)

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        await self._read(receive)
        if self.stale:
            self.stale -= 1
            scope[STALE] = True
            await _answer(send, 503)
        else:
            await _answer(send, 200)

    async def _read(self, receive: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.bodies.append(body)

    async def post(self, body: bytes) -> int:
        gate = Gate(self.app, lambda: self.resources, cast(Any, self), Rates(self.per_second))

        async def asgi(scope: Any, receive: Any, send: Any) -> None:
            scope["app"] = SimpleNamespace(state=SimpleNamespace(messages=_Texts()))
            await gate(scope, receive, send)

        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(asgi), base_url="http://acme.portico.localhost"
        ) as client:
            async with asyncio.timeout(5):
                return (await client.post("/x", content=body)).status_code


class _Texts:
    def text(self, *_: Any) -> str:
        return ""


async def _answer(send: Callable[[Any], Awaitable[None]], status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def test_a_stale_request_is_run_again_with_its_body() -> None:
    stage = Stage(OLD, NEW, stale_times=1)
    assert await stage.post(b"hello") == 200
    assert stage.bodies == [b"hello", b"hello"]


async def test_a_stale_request_follows_the_portal_to_its_new_owner() -> None:
    stage = Stage(OLD, AWAY, stale_times=1)
    assert await stage.post(b"hello") == 200
    assert (stage.forwarded, stage.bodies) == (["dc-b"], [b"hello", b"hello"])


async def test_a_request_is_run_again_once_only() -> None:
    stage = Stage(OLD, NEW, stale_times=9)
    assert await stage.post(b"hello") == 503
    assert len(stage.bodies) == 2


async def test_a_body_too_big_to_keep_is_not_run_again() -> None:
    stage = Stage(OLD, NEW, stale_times=1)
    assert await stage.post(b"x" * 101) == 503
    assert len(stage.bodies) == 1


async def test_a_draining_portal_holds_its_requests_until_it_opens() -> None:
    stage = Stage(DRAINING, NEW)
    assert await stage.post(b"hello") == 200


async def test_a_portal_that_does_not_open_in_time_is_told() -> None:
    stage = Stage(DRAINING, None)
    assert await stage.post(b"hello") == 503
    assert stage.bodies == []
