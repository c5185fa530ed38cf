"""One request is one transaction, and nobody is told "done" before it is."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from db.errors import (
    ContendedError,
    DatabaseUnavailableError,
    OutcomeUnknownError,
    StaleRouteError,
)
from db.sessions import WriteSession
from kernel.errors import PorticoError
from portal.context import SCOPE_KEY, Context, RequestContext
from portal.unit import UNDONE, PublicRoute, StreamingPublicRoute, router
from testkit.portals import TestPortal
from web import app as web_app


class Ledger:
    """Stands in for the database: notes in which order things happen, fails on request."""

    def __init__(self, *failures: Exception) -> None:
        self.events: list[str] = []
        self.failures = list(failures)
        self.undone: PorticoError | None = None

    @asynccontextmanager
    async def writing(self, *_: Any) -> AsyncIterator[WriteSession]:
        self.events.append("begin")
        session = WriteSession.__new__(WriteSession)
        session.is_named = False
        yield session
        if self.failures:
            raise self.failures.pop(0)
        self.events.append("commit")


def client_of(ledger: Ledger) -> httpx.AsyncClient:
    routes = router("", kind=PublicRoute)

    @routes.post("/things")
    async def make(context: Context) -> dict[str, bool]:
        ledger.events.append("handler")
        return {"made": True}

    streaming = router("", kind=StreamingPublicRoute)

    @streaming.post("/steps")
    async def step(context: Context) -> None:
        async with context.writing():
            pass
        raise DatabaseUnavailableError

    async def ready() -> None:
        return None

    app: FastAPI = web_app.create("test", lifespan=web_app.nothing_to_open, ready=ready)
    app.include_router(routes)
    app.include_router(streaming)
    limits = SimpleNamespace(json_body_bytes=1000)
    resources: Any = SimpleNamespace(
        writing=ledger.writing, settings=SimpleNamespace(limits=limits)
    )
    route: Any = SimpleNamespace(portal=1)

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        scope[SCOPE_KEY] = RequestContext(route, resources, "en")

        async def sending(message: Any) -> None:
            ledger.events.append(message["type"])
            await send(message)

        await app(scope, receive, sending)
        ledger.undone = scope.get(UNDONE)

    transport = httpx.ASGITransport(asgi, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://t")


async def test_the_commit_comes_before_the_first_byte_of_the_answer() -> None:
    ledger = Ledger()
    async with client_of(ledger) as client:
        assert (await client.post("/api/v1/things")).status_code == 200
    assert ledger.events[:4] == ["begin", "handler", "commit", "http.response.start"]


async def test_success_is_never_reported_when_the_commit_fails() -> None:
    ledger = Ledger(DatabaseUnavailableError())
    async with client_of(ledger) as client:
        answer = await client.post("/api/v1/things")
    assert (answer.status_code, answer.json()["code"]) == (503, "database-unavailable")
    assert "Retry-After" in answer.headers


async def test_a_deadlock_victim_is_run_again() -> None:
    ledger = Ledger(ContendedError())
    async with client_of(ledger) as client:
        assert (await client.post("/api/v1/things")).status_code == 200
    assert ledger.events.count("handler") == 2


async def test_contention_that_does_not_end_is_told() -> None:
    ledger = Ledger(*(ContendedError() for _ in range(9)))
    async with client_of(ledger) as client:
        answer = await client.post("/api/v1/things")
    assert (answer.status_code, answer.json()["code"]) == (503, "contended")
    assert ledger.events.count("handler") == 3


@pytest.mark.parametrize("failure", [StaleRouteError(), DatabaseUnavailableError()])
async def test_a_request_of_which_nothing_was_done_is_reported_to_the_gate(
    failure: PorticoError,
) -> None:
    ledger = Ledger(failure)
    async with client_of(ledger) as client:
        answer = await client.post("/api/v1/things")
    assert ledger.undone is not None
    assert (answer.status_code, answer.json()["code"]) == (503, failure.code)


async def test_a_commit_of_unknown_outcome_is_reported_only_if_a_second_run_would_find_it() -> None:
    for is_named in (False, True):
        failure = OutcomeUnknownError()
        failure.is_named = is_named
        ledger = Ledger(failure)
        async with client_of(ledger) as client:
            answer = await client.post("/api/v1/things")
        assert (answer.status_code, answer.json()["code"]) == (503, "outcome-unknown")
        assert (ledger.undone is failure) == is_named


async def test_a_request_that_has_committed_something_is_not_reported() -> None:
    ledger = Ledger()
    async with client_of(ledger) as client:
        answer = await client.post("/api/v1/steps")
    assert (answer.status_code, answer.json()["code"]) == (503, "database-unavailable")
    assert ledger.events[:2] == ["begin", "commit"]
    assert ledger.undone is None


async def test_a_body_past_the_limit_is_refused_by_its_declared_size() -> None:
    ledger = Ledger()
    async with client_of(ledger) as client:
        answer = await client.post("/api/v1/things", content=b"x" * 1001)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    assert "begin" not in ledger.events


async def department(portal: TestPortal, key: str, name: str) -> httpx.Response:
    body, headers = {"name": name}, {"Idempotency-Key": key}
    return await portal.client.post("/api/v1/departments", json=body, headers=headers)


async def count(portal: TestPortal, name: str) -> int:
    found = await portal.client.get("/api/v1/departments", params={"limit": 200})
    return [d["name"] for d in found.json()["items"]].count(name)


async def test_the_same_key_gets_the_same_answer_and_nothing_happens_twice(
    acme: TestPortal,
) -> None:
    key, name = secrets.token_hex(8), f"Отдел {secrets.token_hex(4)}"
    first, second = await department(acme, key, name), await department(acme, key, name)
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert await count(acme, name) == 1


async def test_twenty_at_once_with_one_key_are_one(acme: TestPortal) -> None:
    key, name = secrets.token_hex(8), f"Отдел {secrets.token_hex(4)}"
    async with asyncio.timeout(30):
        answers = await asyncio.gather(*(department(acme, key, name) for _ in range(20)))
    assert {a.status_code for a in answers} == {201}, [a.text for a in answers]
    assert len({a.content for a in answers}) == 1
    assert await count(acme, name) == 1


async def test_a_key_is_good_for_one_request_only(acme: TestPortal) -> None:
    key = secrets.token_hex(8)
    await department(acme, key, f"A {key}")
    other = await department(acme, key, f"B {key}")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_a_refused_request_does_not_use_up_its_key(acme: TestPortal) -> None:
    key = secrets.token_hex(8)
    assert (await department(acme, key, " ")).status_code == 422
    assert (await department(acme, key, f"A {key}")).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "with space", "ключ".encode().decode("latin-1")])
async def test_a_malformed_key_is_named(acme: TestPortal, key: str) -> None:
    headers = {"Idempotency-Key": key.encode("latin-1")}
    answer = await acme.client.post("/api/v1/departments", json={"name": "x"}, headers=headers)  # type: ignore[arg-type]  # bytes are fine
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-malformed")


async def test_keys_of_one_portal_do_not_wait_for_each_other(acme: TestPortal) -> None:
    """Sweeping old keys once took the locks of every request under way, and deadlocked them."""
    tag = secrets.token_hex(4)
    async with asyncio.timeout(60):
        answers = await asyncio.gather(
            *(department(acme, secrets.token_hex(8), f"{tag} {n}") for n in range(200))
        )
    assert {a.status_code for a in answers} == {201}, {a.text for a in answers if a.is_error}
