"""A request finds its method, and every answer has the documented shape."""

from datetime import datetime
from typing import Any

import httpx
import pytest

from db.errors import (
    ContendedError,
    DatabaseUnavailableError,
    OutcomeUnknownError,
    StaleRouteError,
)
from kernel.errors import (
    FieldError,
    ForbiddenError,
    InvalidFieldsError,
    NotFoundError,
    UnavailableError,
)
from portal.rest.method import Caller

from .in_process import CODE, LIMIT_BYTES, Here, method_that_raises

SECRET = f"/rest/1/{CODE}"


def error_of(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of an error, and check its shape."""
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert isinstance(body["error"], str)
    assert isinstance(body["error_description"], str)
    assert body["error_description"]
    assert CODE not in answer.text
    return answer.status_code, body["error"]


async def test_an_answer_has_a_complete_time() -> None:
    answer = await Here().call("thing.add", {"fields": {"TITLE": "a"}})
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert body["result"] == 1
    time = body["time"]
    for name in ("start", "finish", "duration", "processing", "operating"):
        assert isinstance(time[name], float), name
    assert isinstance(time["operating_reset_at"], int)
    assert time["start"] <= time["finish"]
    assert 0 < time["processing"] <= time["duration"]
    for name in ("date_start", "date_finish"):
        assert datetime.fromisoformat(time[name]).utcoffset() is not None


@pytest.mark.parametrize(
    "path",
    [
        *("/thing.echo", "//thing.echo/", "/thing.echo.json", "/Thing.Echo", "/thing.echo/?a=b"),
        "/thing.echo?bx24_request_id=x&bx24_sdk_ver=2.2.0",
    ],
)
async def test_a_method_is_found_by_each_path_that_clients_write(path: str) -> None:
    async with Here().client() as client:
        for answer in (await client.get(SECRET + path), await client.post(SECRET + path, json=[])):
            assert answer.status_code == 200, answer.text


async def test_get_and_post_json_form_and_multipart_mean_the_same() -> None:
    async with Here().client() as client:
        url = f"{SECRET}/thing.echo"
        form = {"filter[>ID]": "5", "select[]": ["ID", "TITLE"]}
        answers = [
            await client.get(url, params=form),
            await client.post(url, data=form),
            await client.post(url, files=[("filter[>ID]", (None, "5")), *_parts()]),
            await client.post(url, json={"filter": {">ID": "5"}, "select": ["ID", "TITLE"]}),
            await client.post(f"{url}?filter[>ID]=5&select=x", json={"SELECT": ["ID", "TITLE"]}),
        ]
    for answer in answers:
        assert answer.json()["result"] == {"filter": {">ID": "5"}, "select": ["ID", "TITLE"]}


def _parts() -> list[tuple[str, Any]]:
    return [("select[]", (None, "ID")), ("select[]", (None, "TITLE"))]


async def test_a_list_has_pages_and_counts() -> None:
    here = Here()
    here.store.things = [str(n) for n in range(120)]
    first = (await here.call("thing.list")).json()
    assert (len(first["result"]), first["next"], first["total"]) == (50, 50, 120)
    last = (await here.call("thing.list", {"start": 100})).json()
    assert (len(last["result"]), last["total"], "next" in last) == (20, 120, False)
    uncounted = (await here.call("thing.list", {"start": -1})).json()
    assert (len(uncounted["result"]), "total" in uncounted, "next" in uncounted) == (
        *(50, False),
        False,
    )


async def test_an_empty_map_is_an_empty_list() -> None:
    assert (await Here().call("thing.echo")).json()["result"] == []


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/rest/1/wrongcode/thing.list", (401, "INVALID_CREDENTIALS")),
        (f"/rest/2/{CODE}/thing.list", (401, "INVALID_CREDENTIALS")),
        (f"/rest/x/{CODE}/thing.list", (401, "INVALID_CREDENTIALS")),
        ("/rest/1/wrongcode/no.such.method", (401, "INVALID_CREDENTIALS")),
        ("/rest/thing.list", (401, "NO_AUTH_FOUND")),
        ("/rest/", (401, "NO_AUTH_FOUND")),
        ("/rest/thing.list?auth=TOK", (401, "invalid_token")),
        ("/rest/thing.list?access_token=TOK", (401, "invalid_token")),
        (f"{SECRET}/no.such.method", (404, "ERROR_METHOD_NOT_FOUND")),
        (f"{SECRET}/", (404, "ERROR_METHOD_NOT_FOUND")),
        (f"/rest/api/1/{CODE}/thing.list", (404, "ERROR_METHOD_NOT_FOUND")),
        (f"{SECRET}/task.add", (403, "insufficient_scope")),
        (f"{SECRET}/thing.list?filter=5", (200, "")),
        (f"{SECRET}/thing.list?start=x", (400, "")),
        (f"{SECRET}/thing.list?title=%CF%F0", (400, "INVALID_REQUEST")),
    ],
)
async def test_a_refusal_is_the_documented_one(path: str, error: tuple[int, str]) -> None:
    async with Here().client() as client:
        answer = await client.get(path)
        if error[0] != 200:
            assert error_of(answer) == error


async def test_a_bearer_is_a_token_that_we_do_not_know_yet() -> None:
    async with Here().client() as client:
        answer = await client.post("/rest/profile", headers={"Authorization": "Bearer x"})
    assert error_of(answer) == (401, "invalid_token")


async def test_a_method_for_administrators_is_refused_to_others() -> None:
    here = Here(caller=Caller(1, "employee", frozenset()))
    assert error_of(await here.call("thing.admin")) == (403, "ACCESS_DENIED")
    assert (await Here().call("thing.admin")).status_code == 200


async def test_another_method_of_http_is_refused_in_the_same_shape() -> None:
    async with Here().client() as client:
        assert error_of(await client.put(f"{SECRET}/thing.list"))[0] == 405


async def test_a_body_of_ten_megabytes_is_refused() -> None:
    async with Here().client() as client:
        answer = await client.post(f"{SECRET}/thing.echo", content=b"x" * 10_000_000)
        assert error_of(answer) == (413, "INVALID_REQUEST")
        fits = b'{"a":"' + b"x" * (LIMIT_BYTES - 8) + b'"}'
        assert (await client.post(f"{SECRET}/thing.echo", content=fits)).status_code == 200
        answer = await client.post(f"{SECRET}/thing.echo", content=fits + b" ")
        assert error_of(answer) == (413, "INVALID_REQUEST")


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (NotFoundError(), (400, "")),
        (InvalidFieldsError([FieldError("/title", "missing", "Say it.")]), (400, "")),
        (ForbiddenError(), (403, "ACCESS_DENIED")),
        (UnavailableError(), (503, "INTERNAL_SERVER_ERROR")),
        (ValueError("a defect"), (500, "INTERNAL_SERVER_ERROR")),
    ],
)
async def test_a_failure_of_a_use_case_is_a_documented_error(
    failure: Exception, error: tuple[int, str]
) -> None:
    answer = await Here(method_that_raises(failure)).call("test.fail")
    assert error_of(answer) == error
    if isinstance(failure, InvalidFieldsError):
        assert "title: Say it." in answer.json()["error_description"]


@pytest.mark.parametrize("failure", [StaleRouteError(), DatabaseUnavailableError()])
async def test_the_gate_is_told_of_a_request_of_which_nothing_was_done(
    failure: Exception,
) -> None:
    here = Here()
    here.store.failures = [failure]
    answer = await here.call("thing.add", {"fields": {"TITLE": "a"}})
    assert error_of(answer) == (503, "INTERNAL_SERVER_ERROR")
    assert here.store.undone is not None


async def test_a_deadlock_victim_runs_again() -> None:
    here = Here()
    here.store.failures = [ContendedError()]
    assert (await here.call("thing.add", {"fields": {"TITLE": "a"}})).status_code == 200
    assert here.store.things == ["a"]


async def test_an_unknown_outcome_is_told_and_the_key_finds_what_was_done() -> None:
    here = Here()
    unknown = OutcomeUnknownError()
    here.store.failures = [unknown]
    answer = await here.call("thing.add", {"fields": {"TITLE": "a"}})
    assert error_of(answer) == (500, "ERROR_UNEXPECTED_ANSWER")


async def test_a_request_with_a_key_is_done_once_by_get_too() -> None:
    here = Here()
    async with here.client() as client:
        url = f"{SECRET}/thing.add?fields[TITLE]=a"
        answers = [await client.get(url, headers={"Idempotency-Key": "k"}) for _ in range(3)]
        other = await client.get(f"{url}b", headers={"Idempotency-Key": "k"})
    assert [answer.json()["result"] for answer in answers] == [1, 1, 1]
    assert answers[0].json() == answers[2].json()
    assert here.store.things == ["a"]
    assert error_of(other) == (400, "INVALID_REQUEST")


async def test_a_refused_request_is_not_remembered() -> None:
    here = Here()
    for _ in range(2):
        answer = await here.call("thing.add", {"fields": {"TITLE": "boom"}}, idempotency_key="k")
        assert error_of(answer) == (400, "")
    assert here.store.things == []
    assert here.store.keys == {}


async def test_the_core_tells_what_there_is() -> None:
    here = Here()
    assert await here.result("scope") == ["crm", "user"]
    assert "thing.list" in await here.result("methods")
    assert "task.add" not in await here.result("methods")
    assert "task.add" in await here.result("methods", {"full": True})
    assert await here.result("methods", {"scope": "tasks"}) == ["task.add"]
    assert await here.result("method.get", {"name": "Thing.LIST"}) == {
        "isExisting": True,
        "isAvailable": True,
    }
    assert (await here.result("method.get", {"name": "task.add"}))["isAvailable"] is False
    assert (await here.result("method.get", {"name": "x"}))["isExisting"] is False
    assert datetime.fromisoformat(await here.result("server.time")).utcoffset() is not None
    assert {"task", "tasks", "crm"} <= set(await here.result("scope", {"full": True}))
    assert error_of(await here.call("app.info")) == (403, "ACCESS_DENIED")


async def test_anybody_may_read_what_there_is() -> None:
    async with Here().client() as client:
        shown = (await client.get("/rest/methods")).json()
        page = await client.get("/rest/methods", headers={"Accept": "text/html"})
        assert error_of(await client.post("/rest/methods")) == (401, "NO_AUTH_FOUND")
        assert error_of(await client.get("/rest/methods?auth=x")) == (401, "invalid_token")
    states = {row["method"]: row["state"] for row in shown["methods"]}
    assert (states["batch"], states["task.add"]) == ("works", "differs")
    assert states["crm.deal.add"] == "not yet"
    assert page.headers["content-type"].startswith("text/html")
    assert "crm.deal.add" in page.text
