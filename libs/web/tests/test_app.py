"""What every service of ours answers, whatever it is for."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from pydantic import BaseModel
from starlette.requests import Request
from starlette.types import Message

from kernel import messages
from kernel.errors import ConflictError, FieldError, InvalidFieldsError, TooManyRequestsError
from web import app as web_app
from web import client, internal

TOKEN = "right"


class ThingIn(BaseModel):
    count: int
    secret: str = ""


class TakenError(ConflictError):
    code = "conflict"


async def broken() -> None:
    raise RuntimeError("the secret is 42")


async def taken() -> None:
    raise TakenError(name="x")


async def slow_down() -> None:
    raise TooManyRequestsError(retry_after=7.4)


async def wrong_fields() -> None:
    raise InvalidFieldsError([FieldError("/a", "missing", "is missing")])


async def make(thing: ThingIn) -> int:
    return thing.count


async def item(number: int) -> int:
    return number


async def raw(request: Request) -> int:
    return len(await request.body())


def app_of(reason: str | None = None) -> FastAPI:
    async def ready() -> str | None:
        return reason

    app = web_app.create("test", lifespan=web_app.nothing_to_open, ready=ready)
    routes = APIRouter(prefix="/things")
    handlers: dict[str, Callable[..., Awaitable[object]]] = {
        "/broken": broken,
        "/taken": taken,
        "/slow": slow_down,
        "/fields": wrong_fields,
        "/items/{number}": item,
    }
    for path, handler in handlers.items():
        routes.add_api_route(path, handler)
    routes.add_api_route("", make, methods=["POST"])
    routes.add_api_route("/raw", raw, methods=["POST"])
    guard = Depends(internal.guard(TOKEN))
    routes.add_api_route("/inside", item, dependencies=[guard])
    outer = APIRouter(prefix="/api")
    outer.include_router(routes)
    app.include_router(outer)
    return app


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app_of(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as opened:
        yield opened


async def test_an_expected_failure_is_a_problem_document(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/things/taken")
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (409, 409, "conflict")
    assert problem["values"] == {"name": "x"}


async def test_it_speaks_the_language_asked_for(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/things/taken", headers={"Accept-Language": "fr, de;q=0.5"})
    assert answer.json()["detail"] == "Im jetzigen Zustand ist das nicht möglich."


async def test_a_surprise_is_a_500_that_tells_nothing_and_is_logged(
    http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = await http.get("/api/things/broken")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "42" not in answer.text
    assert "unexpected error" in caplog.text


async def test_who_hangs_up_in_the_middle_of_a_body_is_no_surprise(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def leave() -> Message:
        return {"type": "http.disconnect"}

    async def nobody_reads(_: Message) -> None:
        pass

    app = app_of()
    head = httpx.Request("POST", "http://t/api/things/raw").headers.raw
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/things/raw",
        "query_string": b"",
        "headers": [(name.lower(), value) for name, value in head],
        "state": {},
    }
    with caplog.at_level(logging.ERROR):
        await app(scope, leave, nobody_reads)
    assert "unexpected error" not in caplog.text


async def test_who_is_refused_for_speed_is_told_when_to_come_back(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/things/slow")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")


async def test_each_wrong_field_is_named_and_its_value_is_not_repeated(
    http: httpx.AsyncClient,
) -> None:
    answer = await http.post("/api/things", json={"count": "many", "secret": "hunter2"})
    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json()["errors"]] == ["/count"]
    assert "hunter2" not in answer.text
    named = await http.get("/api/things/fields")
    assert named.json()["errors"] == [{"pointer": "/a", "code": "missing", "detail": "is missing"}]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("DELETE", "/api/things/taken", 405, "method-not-allowed"),
        ("GET", "/api/things/items/x", 422, "invalid-fields"),
    ],
)
async def test_the_frameworks_refusals_are_problem_documents_too(
    http: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await http.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", "right", "Basic right"])
async def test_only_our_own_services_come_inside(
    http: httpx.AsyncClient, header: str | None
) -> None:
    headers = {"Authorization": header} if header else {}
    assert (await http.get("/api/things/inside?number=1", headers=headers)).status_code == 401
    good = {"Authorization": f"Bearer {TOKEN}"}
    assert (await http.get("/api/things/inside?number=1", headers=good)).status_code == 200


async def test_requests_are_measured_by_the_whole_template_of_their_route(
    http: httpx.AsyncClient,
) -> None:
    await http.get("/api/things/items/123456")
    await http.request("INVENTED", "/api/things/items/1")
    metrics = (await http.get("/metrics")).text
    assert 'route="/api/things/items/{number}",status="2xx"' in metrics
    assert "123456" not in metrics
    assert "INVENTED" not in metrics


async def test_a_service_that_cannot_serve_says_why() -> None:
    transport = httpx.ASGITransport(app_of("the routes are not loaded yet"))
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as http:
        answer = await http.get("/readyz")
        assert (answer.status_code, answer.json()["detail"]) == (
            503,
            "the routes are not loaded yet",
        )
        assert (await http.get("/healthz")).status_code == 200


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("9.9.9.9", "", "9.9.9.9"),
        ("9.9.9.9", "1.1.1.1", "9.9.9.9"),
        ("127.0.0.1", "1.1.1.1", "1.1.1.1"),
        ("127.0.0.1", "8.8.8.8, 1.1.1.1, 127.0.0.2", "1.1.1.1"),
        ("127.0.0.1", "", "127.0.0.1"),
    ],
)
def test_the_client_is_the_last_hop_that_is_not_ours(
    peer: str, forwarded: str, address: str
) -> None:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    request = Request({"type": "http", "client": (peer, 1), "headers": headers})
    assert client.address(request, {"127.0.0.1", "127.0.0.2"}) == address


def test_the_kernels_texts_are_complete() -> None:
    assert messages.load([Path(web_app.KERNEL_MESSAGES)]).missing() == []
