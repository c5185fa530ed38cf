"""Which requests a web node serves, forwards, and refuses."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from starlette.responses import Response

from db.errors import DatabaseUnavailableError, OutcomeUnknownError
from kernel.errors import PorticoError
from kernel.ids import PairId, PortalId
from kernel.settings import Settings
from portal import patience
from portal.forward import AGAIN, HOP, Hop, OwnerSilentError, OwnerUnreachableError
from portal.gate import Gate
from portal.rates import Rates
from portal.unit import MEANWHILE, UNDONE, PortalMovingError
from portal.visit import CUT_OFF_SECONDS, DOOR_KEEPS_BYTES
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
                async with portal.at(url) as client, asyncio.timeout(30):
                    answer = await client.get("/api/v1/portal")
                    # an owner who was not heard for two seconds does not name himself
                    while OWNER not in answer.headers:
                        answer = await client.get("/api/v1/portal")
                shown = answer.json()
                assert (shown["id"], shown["owner_dc"]) == (str(portal.id), portal.home_dc)
                assert answer.headers.get_list(OWNER) == [portal.home_dc]


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


OLD = Route(PortalId(1), "acme", PairId(1), "dc-a", "dc-a", 1, 1, "active")
NEW = replace(OLD, epoch=2)
AWAY = replace(OLD, owner="dc-b", term=2)
DRAINING = replace(OLD, state="draining")
HELD_SECONDS = 10.0  # this process may not get to run for a second or two
OWNER = "X-Portico-Owner"
BRIEFLY = 1.0  # where the end of patience is what is awaited


class Stage:
    """A gate around a tiny application, with a route that changes when the test says so."""

    def __init__(
        self, route: Route, then: Route | None = None, held_seconds: float = HELD_SECONDS
    ) -> None:
        self.route, self.then = route, then
        self.failures: list[PorticoError] = []
        self.unheard = self.unanswered = 0
        self.meanwhile: Response | None = None
        self.answers = True
        self.may_be_stale = False
        self.untaken_seconds = 0.0
        self.bodies: list[bytes] = []
        self.forwarded: list[str] = []
        limits = SimpleNamespace(json_body_bytes=100, held_request_seconds=held_seconds)
        both = SimpleNamespace(sites=("dc-a", "dc-b"))
        settings = SimpleNamespace(
            limits=limits, base_domain="portico.localhost", pair=lambda _: both
        )
        self.resources: Any = SimpleNamespace(
            settings=settings, site="dc-a", routes=self, databases={PairId(1): self}
        )

    def find(self, _label: str) -> Route:
        return self.route

    def find_by_id(self, _portal: PortalId) -> Route:
        return self.route

    async def opened(
        self, _portal: PortalId, within_seconds: float, *, stale: Route | None = None
    ) -> Route | None:
        if self.then is None:
            await asyncio.sleep(within_seconds)
            return None
        self.route = self.then
        return self.route

    async def forward(
        self, _scope: Any, receive: Any, send: Any, *, route: Route, **_more: Any
    ) -> None:
        if self.unheard:
            self.unheard -= 1
            raise OwnerUnreachableError(owner=route.owner)
        self.forwarded.append(route.owner)
        await self._read(receive)
        if self.unanswered:
            self.unanswered -= 1
            raise OwnerSilentError
        await _answer(send, 200)

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        await self._read(receive)
        if self.failures:
            scope[UNDONE] = self.failures.pop(0)
            if self.meanwhile is not None:
                scope[MEANWHILE] = self.meanwhile
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

    async def post(self, body: bytes, **headers: str) -> int:
        return (await self.ask("POST", content=body, headers=headers)).status_code

    async def ask(self, verb: str, **request: Any) -> httpx.Response:
        gate = Gate(self.app, lambda: self.resources, cast(Any, self), Rates(1000.0))

        async def asgi(scope: Any, receive: Any, send: Any) -> None:
            scope["app"] = SimpleNamespace(state=SimpleNamespace(messages=_Texts(), shapes={}))
            await gate(scope, receive, send)

        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(asgi), base_url="http://acme.portico.localhost"
        ) as client:
            async with asyncio.timeout(30):
                return await client.request(verb, "/x", **request)


class _Texts:
    def text(self, *_: Any) -> str:
        return ""


async def _answer(send: Callable[[Any], Awaitable[None]], status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})


NOTHING_DONE = [PortalMovingError(), DatabaseUnavailableError()]


@pytest.mark.parametrize("failure", NOTHING_DONE)
async def test_a_request_of_which_nothing_was_done_is_run_again_with_its_body(
    failure: PorticoError,
) -> None:
    stage = Stage(OLD, NEW)
    stage.failures = [failure, failure, failure]
    assert await stage.post(b"hello") == 200
    assert stage.bodies == [b"hello"] * 4


@pytest.mark.parametrize("failure", NOTHING_DONE)
async def test_it_is_run_again_also_without_news_of_its_route(failure: PorticoError) -> None:
    """What refused it may open, and what was dead may live again, where it is."""
    stage = Stage(OLD)
    stage.failures = [failure, failure]
    assert await stage.post(b"hello") == 200


async def test_a_request_follows_the_portal_to_its_new_owner() -> None:
    stage = Stage(OLD, AWAY)
    stage.failures = [PortalMovingError()]
    assert await stage.post(b"hello") == 200
    assert (stage.forwarded, stage.bodies) == (["dc-b"], [b"hello", b"hello"])


async def test_patience_has_an_end_that_says_why() -> None:
    stage = Stage(OLD, held_seconds=BRIEFLY)
    stage.failures = [DatabaseUnavailableError() for _ in range(99)]
    started = time.monotonic()
    answer = await stage.ask("POST", content=b"hello")
    assert (answer.status_code, answer.json()["code"]) == (503, "database-unavailable")
    assert time.monotonic() - started >= BRIEFLY
    # looks of a quarter of a second each: no more of them than fit in, however long each really took
    assert len(stage.bodies) <= 2 * BRIEFLY / patience.LOOK_SECONDS


async def test_at_its_end_what_was_done_of_a_request_meanwhile_is_told() -> None:
    stage = Stage(OLD, held_seconds=BRIEFLY)
    stage.meanwhile = Response(b"half of it")
    stage.failures = [DatabaseUnavailableError() for _ in range(99)]
    answer = await stage.ask("POST", content=b"hello")
    assert (answer.status_code, answer.content) == (200, b"half of it")
    assert len(stage.bodies) > 1, "it was tried again first"


async def test_an_unknown_outcome_is_not_forgotten_over_a_later_failure() -> None:
    stage = Stage(OLD, held_seconds=BRIEFLY)
    stage.failures = [OutcomeUnknownError(), *(DatabaseUnavailableError() for _ in range(99))]
    answer = await stage.ask("POST", content=b"hello")
    assert (answer.status_code, answer.json()["code"]) == (503, "outcome-unknown")


@pytest.mark.parametrize("then", [DRAINING, AWAY])
async def test_what_was_sent_and_not_answered_stays_unknown_whatever_comes_later(
    then: Route,
) -> None:
    stage = Stage(AWAY, held_seconds=BRIEFLY)
    stage.unanswered = 1

    async def opened(*_: Any, **__: Any) -> Route | None:
        stage.route, stage.unheard = then, 99
        await asyncio.sleep(BRIEFLY / 4)
        return None

    stage.opened = opened  # type: ignore[method-assign]
    answer = await stage.ask("POST", content=b"x", headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (503, "outcome-unknown")


async def test_a_database_known_to_be_silent_is_not_asked() -> None:
    stage = Stage(OLD, held_seconds=BRIEFLY)
    stage.answers = False
    answer = await stage.ask("POST", content=b"hello")
    assert (answer.status_code, answer.json()["code"]) == (503, "database-unavailable")
    assert stage.bodies == []


async def test_a_body_too_big_to_keep_is_not_run_again() -> None:
    stage = Stage(OLD, NEW)
    stage.failures = [PortalMovingError()]
    assert await stage.post(b"x" * 101) == 503
    assert len(stage.bodies) == 1


async def test_a_big_body_that_nobody_heard_waits_as_well() -> None:
    stage = Stage(AWAY)
    stage.unheard = 2
    assert await stage.post(b"x" * 101) == 200
    assert [len(body) for body in stage.bodies] == [101]


async def test_what_was_sent_and_not_answered_is_sent_again_if_that_does_no_harm() -> None:
    for request in (
        {"verb": "GET"},
        {"verb": "POST", "content": b"x", "headers": {"Idempotency-Key": "k"}},
    ):
        stage = Stage(AWAY)
        stage.unanswered = 1
        assert (await stage.ask(**request)).status_code == 200
        assert len(stage.forwarded) == 2


async def test_what_was_sent_and_not_answered_is_else_of_unknown_outcome() -> None:
    stage = Stage(AWAY)
    stage.unanswered = 1
    answer = await stage.ask("POST", content=b"x")
    assert (answer.status_code, answer.json()["code"]) == (503, "outcome-unknown")
    assert len(stage.forwarded) == 1


async def test_a_forwarded_request_is_not_forwarded_again() -> None:
    stage = Stage(AWAY, held_seconds=BRIEFLY)
    hop = Hop(AWAY.term, AWAY.epoch, 0.0).header()
    answer = await stage.ask("GET", headers={HOP: hop})
    assert (answer.status_code, answer.json()["code"]) == (503, "owner-not-agreed")
    assert stage.forwarded == []
    assert answer.headers[AGAIN] == "1"


async def test_who_forwards_by_an_old_route_gets_the_request_back_at_once() -> None:
    stage = Stage(AWAY)
    started = time.monotonic()
    answer = await stage.ask("GET", headers={HOP: Hop(1, 1, 0.0).header()})
    assert (answer.status_code, answer.headers[AGAIN]) == (503, "1")
    assert time.monotonic() - started < HELD_SECONDS / 2


async def test_a_forwarded_request_waits_until_both_agree() -> None:
    stage = Stage(AWAY, replace(OLD, term=3))
    assert (await stage.ask("GET", headers={HOP: Hop(3, 1, 0.0).header()})).status_code == 200


async def test_time_held_elsewhere_counts() -> None:
    stage = Stage(OLD)
    stage.answers = False
    started = time.monotonic()
    await stage.ask("GET", headers={HOP: Hop(1, 1, HELD_SECONDS).header()})
    assert time.monotonic() - started < HELD_SECONDS / 2


async def test_a_draining_portal_holds_its_requests_until_it_opens() -> None:
    stage = Stage(DRAINING, NEW)
    assert await stage.post(b"hello") == 200


async def test_a_portal_that_does_not_open_in_time_is_told() -> None:
    stage = Stage(DRAINING, None, held_seconds=BRIEFLY)
    assert await stage.post(b"hello") == 503
    assert stage.bodies == []


async def test_too_many_waiting_are_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "MOST_HELD", 0)
    stage = Stage(DRAINING, NEW)
    answer = await stage.ask("POST", content=b"hello")
    assert (answer.status_code, answer.json()["code"]) == (503, "portal-switching")


async def test_only_reads_that_may_be_stale_are_marked() -> None:
    header = "X-Portico-Possibly-Stale"
    for may_be_stale in (False, True):
        stage = Stage(OLD)
        stage.may_be_stale = may_be_stale
        assert (header in (await stage.ask("GET")).headers) == may_be_stale
        assert header not in (await stage.ask("POST", content=b"")).headers


async def test_who_is_cut_off_gives_back_what_came_to_nothing() -> None:
    stage = Stage(OLD)
    stage.untaken_seconds, stage.answers = CUT_OFF_SECONDS, False
    started = time.monotonic()
    answer = await stage.ask("POST", content=b"x" * 100)
    assert (answer.status_code, answer.json()["code"], answer.headers[AGAIN]) == (
        *(503, "given-back"),
        "1",
    )
    assert time.monotonic() - started < HELD_SECONDS / 2


@pytest.mark.parametrize(
    "why", ["unknown outcome", "forwarded here", "nobody else", "long body", "not for long"]
)
async def test_who_is_cut_off_keeps_what_may_be_done_or_nobody_else_can_do(why: str) -> None:
    stage = Stage(OLD)
    stage.untaken_seconds = CUT_OFF_SECONDS
    stage.failures = [DatabaseUnavailableError(), DatabaseUnavailableError()]
    headers, body = {}, b"x"
    match why:
        case "unknown outcome":
            stage.failures[0] = OutcomeUnknownError()
        case "forwarded here":
            headers = {HOP: Hop(1, 1, 0.0).header()}
        case "nobody else":
            stage.resources.settings.pair = lambda _: SimpleNamespace(sites=("dc-a",))
        case "not for long":
            stage.untaken_seconds -= 0.1
        case _:
            stage.resources.settings.limits.json_body_bytes = 2 * DOOR_KEEPS_BYTES
            body = b"x" * (DOOR_KEEPS_BYTES + 1)
    assert (await stage.ask("POST", content=body, headers=headers)).status_code == 200
    assert len(stage.bodies) == 3


async def test_the_answer_names_the_owner_and_who_is_cut_off_his_peer() -> None:
    stage = Stage(OLD, held_seconds=BRIEFLY)
    assert (await stage.ask("GET")).headers[OWNER] == "dc-a"
    stage.may_be_stale = True
    assert OWNER not in (await stage.ask("GET")).headers
    stage.answers = False
    assert (await stage.ask("GET")).headers[OWNER] == "dc-b"
