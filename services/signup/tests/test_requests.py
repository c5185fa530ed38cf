"""The endpoint: what is answered to whom, in which language, how often, and with the same key."""

import asyncio
import ipaddress
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from kernel import secrets
from kernel.ids import PortalId, new_portal_id
from kernel.settings import Limits, Ports, Settings
from signup import service
from signup.app import create_app
from testkit.portals import PASSWORD, new_label, until_available

from .traces import Inspector

PATH = "/api/v1/signup"
AT_ONCE = 20

Post = Callable[..., Awaitable[httpx.Response]]


@asynccontextmanager
async def serving(settings: Settings, site: int = 0) -> AsyncIterator[FastAPI]:
    """Run an application of our own, below HTTP."""
    role = secrets.load(settings.secrets_dir, "signup")
    app = create_app(settings, role, site=settings.datacentres[site].name)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture(scope="module")
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with serving(settings) as app:
        yield app


@pytest.fixture(scope="module")
async def other_app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The node of the other datacentre, if there is one."""
    async with serving(settings, -1) as app:
        yield app


@pytest.fixture
def post(app: FastAPI) -> Post:
    return posting(app)


def posting(app: FastAPI, address: str | None = None) -> Post:
    """Return a function that signs up from one address that nobody else has; by a key it insists."""
    address = address or str(ipaddress.IPv6Address((0x20010DB8 << 96) | (uuid4().int >> 32)))

    async def post(body: Any, key: str | None = None, **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(app, client=(address, 1), raise_app_exceptions=False)
        named = {"Idempotency-Key": key} if key is not None else {}
        async with httpx.AsyncClient(transport=transport, base_url="http://portico") as client:
            content = {"json": body} if isinstance(body, dict) else {"content": body}
            ask = partial(client.post, PATH, headers=named | headers, **content)
            if key is None:
                return await ask()
            return await until_available(ask)  # on a busy machine it may go on without us

    return post


def form(**changes: Any) -> dict[str, Any]:
    label = changes.get("host", new_label())
    email = f"boss@{label}.example"
    return {"company": "Acme", "host": label, "email": email, "password": PASSWORD} | changes


@pytest.fixture
def portals(monkeypatch: pytest.MonkeyPatch) -> list[PortalId]:
    """Every id that is given to a portal meanwhile."""
    given: list[PortalId] = []

    def noting() -> PortalId:
        given.append(new_portal_id())
        return given[-1]

    monkeypatch.setattr(service, "new_portal_id", noting)
    return given


async def test_the_answer_tells_where_the_portal_is(post: Post, settings: Settings) -> None:
    label = new_label()
    host = f"{label}.{settings.base_domain}"

    answer = await post(form(host=host.upper(), region="ru"), key=uuid4().hex)

    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    portal = answer.json()["portal"]
    assert 0 < int(portal.pop("id")) < 2**63
    assert portal == {
        "host": host,
        "url": answer.headers["location"],
        "home_dc": settings.home_of("ru"),
        "plan": "project",
    }
    assert portal["url"] == f"http://{host}:{settings.door.http}"
    assert answer.json()["user"]["id"] >= 1
    assert len(answer.json()["token"]) >= 43


async def test_a_name_in_another_alphabet_is_stored_in_its_wire_form(post: Post) -> None:
    name = f"фирма{uuid4().int % 10**9}"

    answer = await post(form(host=name, email="boss@acme.example"), key=uuid4().hex)

    assert answer.json()["portal"]["host"].startswith("xn--")


@pytest.mark.parametrize("email", ["chef@bücher.example", "иван@пример.рф", "a+b@Example.COM"])
async def test_a_mail_address_of_any_alphabet_will_do(post: Post, email: str) -> None:
    answer = await post(
        form(email=email, company="日本 " * 40, first_name="Anna 🎉"), key=uuid4().hex
    )

    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("header", "fields", "text"),
    [
        ("de", {}, "Einige Felder sind falsch ausgefüllt, siehe errors."),
        ("de", {"locale": "uk"}, "Деякі поля заповнено неправильно, див. errors."),
        ("fr, ru;q=0.5", {}, "Некоторые поля заполнены неверно, см. errors."),
        ("fr", {}, "Some fields are wrong; see errors."),
    ],
)
async def test_a_refusal_is_told_in_the_language_of_the_person(
    post: Post, header: str, fields: dict[str, str], text: str
) -> None:
    answer = await post(form(company="", **fields), **{"Accept-Language": header})

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == text
    assert answer.json()["errors"][0]["pointer"] == "/company"


@pytest.mark.parametrize("name", ["www", "12345", "ab", "-acme", "a--b-"])
async def test_a_name_that_routing_refuses_is_a_wrong_field(
    post: Post, inspector: Inspector, portals: list[PortalId], name: str
) -> None:
    answer = await post(form(host=name, email="boss@acme.example", locale="de"), key=uuid4().hex)

    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/host", "host-invalid")
    assert "Dieser Name" in error["detail"]
    await inspector.sees_nothing(portals[0], name)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"', b"\xff\xfe", b'{"company": "\\ud800"}'])
async def test_a_body_that_is_no_object_is_refused(post: Post, body: bytes) -> None:
    answer = await post(body)

    assert (answer.status_code, answer.json()["code"]) == (422, "body-malformed")


async def test_a_huge_body_is_refused_before_it_is_read(post: Post, settings: Settings) -> None:
    answer = await post(form(company="x" * settings.limits.json_body_bytes))

    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


@pytest.mark.parametrize("key", ["", "x" * 256, "a b"])
async def test_a_malformed_key_is_refused(post: Post, key: str) -> None:
    answer = await post(form(), key=key)

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-malformed")


async def test_a_taken_name_is_refused_and_leaves_nothing(
    post: Post, inspector: Inspector, portals: list[PortalId]
) -> None:
    body = form()
    assert (await post(body, key=uuid4().hex)).status_code == 201

    answer = await post(body | {"company": "Other"}, key=uuid4().hex)

    assert (answer.status_code, answer.json()["code"]) == (409, "host-taken")
    first, *_, second = portals
    assert (await inspector.traces(first, body["host"])).is_whole
    await inspector.sees_nothing(second)


async def test_of_twenty_who_want_one_name_one_gets_it(
    app: FastAPI, other_app: FastAPI, inspector: Inspector, portals: list[PortalId]
) -> None:
    label = new_label()
    doors = [posting(app), posting(other_app)] * (AT_ONCE // 2)

    answers = await asyncio.gather(*(post(form(host=label), key=uuid4().hex) for post in doors))

    assert Counter(a.status_code for a in answers) == {201: 1, 409: AT_ONCE - 1}
    winner = next(int(a.json()["portal"]["id"]) for a in answers if a.status_code == 201)
    assert len(portals) >= AT_ONCE
    for portal in portals:
        if portal == winner:
            assert (await inspector.traces(portal, label)).is_whole
        else:
            await inspector.sees_nothing(portal)


async def test_twenty_at_once_all_succeed(app: FastAPI, other_app: FastAPI) -> None:
    doors = [posting(app), posting(other_app)] * (AT_ONCE // 2)

    answers = await asyncio.gather(*(post(form(), key=uuid4().hex) for post in doors))

    assert [a.status_code for a in answers] == [201] * AT_ONCE
    assert len({a.json()["token"] for a in answers}) == AT_ONCE


async def test_the_same_key_gets_the_same_answer(
    post: Post, other_app: FastAPI, portals: list[PortalId]
) -> None:
    body, key = form(), uuid4().hex

    first = await post(body, key)
    again = await posting(other_app)(body, key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"


async def test_the_same_key_many_times_at_once_makes_one_portal(
    app: FastAPI, other_app: FastAPI, inspector: Inspector, portals: list[PortalId]
) -> None:
    body, key = form(), uuid4().hex
    doors = [posting(app), posting(other_app)] * 5

    answers = await asyncio.gather(*(post(body, key) for post in doors))

    assert {a.status_code for a in answers} == {201}
    assert len({a.content for a in answers}) == 1
    made = int(answers[0].json()["portal"]["id"])
    for portal in set(portals) - {made}:
        await inspector.sees_nothing(portal)


async def test_a_key_used_for_another_body_is_refused(post: Post) -> None:
    key = uuid4().hex
    assert (await post(form(), key)).status_code == 201

    answer = await post(form(), key)

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")


async def test_a_refused_request_may_be_mended_under_the_same_key(post: Post) -> None:
    body, key = form(), uuid4().hex
    assert (await post(body, key=uuid4().hex)).status_code == 201
    assert (await post(body, key)).status_code == 409

    assert (await post(body | {"host": new_label()}, key)).status_code == 201


async def test_the_sixth_sign_up_in_a_minute_is_too_many(settings: Settings) -> None:
    strict = settings.model_copy(update={"limits": Limits()})
    async with serving(strict) as app:
        post = posting(app)
        taken = form(host="www")  # every one that passes validation counts, made or not
        statuses = [(await post(taken)).status_code for _ in range(5)]

        answer = await post(taken)
        elsewhere = await posting(app)(taken)

    assert statuses == [422] * 5
    assert (answer.status_code, answer.json()["code"]) == (429, "too-many-requests")
    assert 20 <= int(answer.headers["retry-after"]) <= 60
    assert elsewhere.status_code == 422


async def test_an_address_is_believed_from_our_own_proxies_only(settings: Settings) -> None:
    strict = settings.model_copy(update={"limits": Limits(signups_per_minute=1)})
    async with serving(strict) as app:
        proxied, direct = posting(app, settings.sites[0].address), posting(app)
        taken = form(host="www")

        through = [(await proxied(taken, **forwarded())).status_code for _ in range(3)]
        made_up = [(await direct(taken, **forwarded())).status_code for _ in range(3)]

    assert through == [422, 422, 422]
    assert made_up == [422, 429, 429]


def forwarded() -> dict[str, str]:
    address = ipaddress.IPv6Address((0x20010DB8 << 96) | (uuid4().int >> 32))
    return {"X-Forwarded-For": str(address)}


async def test_without_etcd_nothing_is_promised(settings: Settings) -> None:
    deaf = settings.model_copy(update={"ports": Ports(etcd_client=1)})
    async with serving(deaf) as app:
        answer = await posting(app)(form())
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            ready = await client.get("/readyz")

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert (ready.status_code, ready.json()["detail"][:5]) == (503, "etcd:")


async def test_a_node_with_all_it_needs_is_ready(app: FastAPI) -> None:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        ready = await client.get("/readyz")
        measured = await client.get("/metrics")

    assert ready.status_code == 200
    assert "signups_total" in measured.text


async def test_the_endpoint_is_described(app: FastAPI) -> None:
    operation = app.openapi()["paths"][PATH]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]

    assert schema["required"] == ["company", "host", "email", "password"]
    assert {"201", "409", "413", "422", "429", "503"} <= operation["responses"].keys()


async def test_no_secret_reaches_the_log(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = await post(form(), key="key-" + uuid4().hex)
        await post(form(email="wrong"))

    written = caplog.text + repr([vars(r) for r in caplog.records])
    assert PASSWORD not in written
    assert answer.json()["token"] not in written
    assert "$argon2id" not in written
