"""Lists and the portal's own fields over HTTP: administrators change them, leads live with it."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from testkit.portals import PASSWORD, SignUp, TestPortal

from .calls import LEADS, created

STATUSES = "/api/v1/crm/statuses"
FIELDS = "/api/v1/crm/fields"
SOON_SECONDS = 30.0  # each node remembers lists and fields for five


@pytest.fixture(scope="module")
async def portal(new_portal: SignUp) -> TestPortal:
    return await new_portal(locale="ru")


async def entries(portal: TestPortal, kind: str) -> list[dict[str, Any]]:
    answer = await portal.client.get(STATUSES, params={"kind": kind})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def add(portal: TestPortal, address: str, **fields: Any) -> dict[str, Any]:
    answer = await portal.client.post(address, json=fields)
    assert answer.status_code == 201, answer.text
    assert (await portal.client.get(answer.headers["location"])).json() == answer.json()
    added: dict[str, Any] = answer.json()
    return added


def path_of(entry: dict[str, Any]) -> str:
    return f"{STATUSES}/{entry['kind']}/{entry['code']}"


def code() -> str:
    return f"X_{secrets.token_hex(5).upper()}"


async def test_a_new_status_is_used_at_once_and_stands_before_the_final_ones(
    portal: TestPortal,
) -> None:
    await created(portal)  # now a node remembers the lists as they were
    entry = await add(portal, STATUSES, kind="lead_status", code=code(), name="Перезвонить")
    assert (entry["semantics"], entry["is_system"]) == ("process", False)
    codes = [e["code"] for e in await entries(portal, "lead_status")]
    assert codes.index("PROCESSED") < codes.index(entry["code"]) < codes.index("CONVERTED")
    lead = await created(portal, status=entry["code"])
    assert lead["status"] == entry["code"]


async def test_a_final_status_of_ones_own_closes_leads(portal: TestPortal) -> None:
    lost = await add(
        portal, STATUSES, kind="lead_status", code=code(), name="Дубль", semantics="failure"
    )
    assert (await created(portal, status=lost["code"]))["closed_at"] is not None


async def test_an_entry_is_renamed_and_gets_its_first_name_back(portal: TestPortal) -> None:
    call = next(e for e in await entries(portal, "lead_source") if e["code"] == "CALL")
    path = path_of(call)
    changed = await portal.client.patch(path, json={"name": "Телефон", "colour": "#ABCDEF"})
    assert changed.json() == {**call, "name": "Телефон", "colour": "#abcdef"}
    assert (await portal.client.get(path)).json() == changed.json()
    assert (await portal.client.patch(path, json={"name": ""})).json()["name"] == call["name"]


async def test_a_list_that_nobody_had_changed_keeps_its_entries_when_somebody_does(
    new_portal: SignUp,
) -> None:
    portal = await new_portal()
    before = await entries(portal, "honorific")
    assert {"HNR_EN_1", "HNR_RU_1", "HNR_DE_1"} <= {e["code"] for e in before}
    mine = await add(portal, STATUSES, kind="honorific", code="DR", name="Dr.")
    assert await entries(portal, "honorific") == [*before, mine]
    assert (await created(portal, honorific="DR"))["honorific"] == "DR"


async def test_what_leads_hold_or_the_system_needs_is_not_removed(portal: TestPortal) -> None:
    entry = await add(portal, STATUSES, kind="lead_source", code=code(), name="Ярмарка")
    path = path_of(entry)
    lead = await created(portal, source=entry["code"])
    used = await portal.client.delete(path)
    assert (used.status_code, used.json()["code"]) == (409, "list-entry-in-use")
    await portal.client.delete(f"{LEADS}/{lead['id']}")
    assert (await portal.client.delete(path)).status_code == 204
    assert (await portal.client.get(path)).json()["code"] == "list-entry-not-found"
    honorific = await add(portal, STATUSES, kind="honorific", code=code(), name="Dr.")
    await created(portal, honorific=honorific["code"])
    used = await portal.client.delete(path_of(honorific))
    assert used.json()["code"] == "list-entry-in-use"
    new = next(e for e in await entries(portal, "lead_status") if e["code"] == "NEW")
    system = await portal.client.delete(path_of(new))
    assert (system.status_code, system.json()["code"]) == (409, "list-entry-of-system")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"kind": "lead_source", "code": "call", "name": "x"}, "list-entry-taken"),
        (
            {"kind": "lead_status", "code": "W", "name": "x", "semantics": "success"},
            "semantics-misplaced",
        ),
        (
            {"kind": "lead_source", "code": "W", "name": "x", "semantics": "failure"},
            "semantics-misplaced",
        ),
        ({"kind": "nonsense", "code": "W", "name": "x"}, "invalid-fields"),
        ({"kind": "lead_source", "code": "", "name": "x"}, "invalid-fields"),
        ({"kind": "lead_source", "code": "W", "name": ""}, "invalid-fields"),
        ({"kind": "lead_source", "code": "W", "name": "x", "colour": "red"}, "invalid-fields"),
    ],
)
async def test_an_entry_that_cannot_be_is_refused(
    portal: TestPortal, fields: dict[str, Any], code: str
) -> None:
    answer = await portal.client.post(STATUSES, json=fields)
    assert answer.json()["code"] == code


VALUES: list[tuple[str, Any, Any]] = [
    ("string", "два\nстроки", "третья"),
    ("integer", -7, 8),
    ("double", 1.5, 2.25),
    ("boolean", True, False),
    ("date", "2026-02-28", "2026-03-01"),
    ("datetime", "2026-02-28T07:00:00+00:00", "2026-03-01T00:00:00+00:00"),
    ("money", {"amount": "10.50", "currency": "EUR"}, {"amount": "0.10", "currency": "RUB"}),
    ("url", "https://example.com/?a=1", "http://example.org"),
    ("address", "Москва, Арбат 1", "Köln"),
    ("employee", 1, 2),
    ("crm_status", "NEW", "JUNK"),
    ("crm", "lead:1", "contact:2"),
]


@pytest.mark.parametrize("is_multiple", [False, True])
@pytest.mark.parametrize(("kind", "value", "other"), VALUES)
async def test_a_field_of_each_type_keeps_what_is_written_into_it(
    portal: TestPortal, kind: str, value: object, other: object, *, is_multiple: bool
) -> None:
    field = await add(portal, FIELDS, code=code(), type=kind, is_multiple=is_multiple)
    first: Any = [value, other] if is_multiple else value
    second: Any = [other] if is_multiple else other
    lead = await created(portal, custom={field["code"]: first})
    assert lead["custom"] == {field["code"]: first}
    path = f"{LEADS}/{lead['id']}"
    changed = await portal.client.patch(path, json={"custom": {field["code"]: second}})
    assert changed.json()["custom"] == {field["code"]: second}
    assert (await portal.client.get(path)).json() == changed.json()
    emptied = await portal.client.patch(path, json={"custom": {field["code"]: None}})
    assert emptied.json()["custom"] == {}


async def test_a_choice_keeps_the_ids_of_its_items(portal: TestPortal) -> None:
    items = [{"value": "Малый", "external_code": "S"}, {"value": "Большой", "is_default": True}]
    field = await add(portal, FIELDS, code=code(), type="enumeration", items=items)
    small, large = field["items"]

    async def is_filled_in() -> bool:
        return bool((await created(portal))["custom"] == {field["code"]: large["id"]})

    await soon(is_filled_in)
    lead = await created(portal, custom={field["code"]: small["id"]})
    path = f"{FIELDS}/{field['id']}"
    changed = await portal.client.patch(
        path, json={"items": [{**small, "value": "XS"}, {"value": "XL"}]}
    )
    assert [(i["id"], i["value"]) for i in changed.json()["items"]] == [(1, "XS"), (3, "XL")]
    kept = await portal.client.get(f"{LEADS}/{lead['id']}")
    assert kept.json()["custom"] == {field["code"]: small["id"]}
    gone = {"title": "x", "custom": {field["code"]: large["id"]}}
    await soon_refused(portal, "POST", LEADS, gone, "field-value")
    await portal.client.delete(path)


async def test_a_mandatory_field_is_asked_for_within_seconds(new_portal: SignUp) -> None:
    portal = await new_portal()
    field = await add(portal, FIELDS, code="NEEDED", type="string")
    lead = await created(portal, custom={"NEEDED": "x"})
    path = f"{FIELDS}/{field['id']}"
    await portal.client.patch(path, json={"is_mandatory": True, "labels": {"form": {"ru": "Поле"}}})
    await soon_refused(portal, "POST", LEADS, {"title": "x"})
    await soon_refused(portal, "PATCH", f"{LEADS}/{lead['id']}", {"custom": {"NEEDED": ""}})
    renamed = await portal.client.patch(f"{LEADS}/{lead['id']}", json={"title": "y"})
    assert renamed.status_code == 200
    assert (await portal.client.delete(path)).status_code == 204
    assert (await created(portal))["custom"] == {}


async def soon(holds: Callable[[], Awaitable[bool]]) -> None:
    """Ask until no node goes by what it remembers."""
    async with asyncio.timeout(SOON_SECONDS):
        while not await holds():  # noqa: ASYNC110  # a portal sends a test no event
            await asyncio.sleep(0.2)


async def soon_refused(
    portal: TestPortal, method: str, path: str, body: Any, code: str = "field-mandatory"
) -> None:
    async def is_refused() -> bool:
        answer = await portal.client.request(method, path, json=body)
        assert answer.is_success or answer.json()["code"] == code, answer.text
        return answer.is_error

    await soon(is_refused)


async def test_with_a_field_goes_what_leads_hold_in_it(portal: TestPortal) -> None:
    name = code()
    field = await add(portal, FIELDS, code=name, type="string")
    lead = await created(portal, custom={name: "x"})
    assert (await portal.client.delete(f"{FIELDS}/{field['id']}")).status_code == 204
    await add(portal, FIELDS, code=name, type="string")

    async def is_empty() -> bool:
        return bool((await portal.client.get(f"{LEADS}/{lead['id']}")).json()["custom"] == {})

    await soon(is_empty)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"code": "lower", "type": "string"}, "field-name-invalid"),
        ({"code": "X" * 44, "type": "string"}, "field-name-too-long"),
        ({"code": "W", "type": "nonsense"}, "field-type-unknown"),
        ({"code": "W", "type": "file"}, "field-type-not-yet"),
        ({"code": "W", "type": "integer", "settings": {"default": "x"}}, "field-settings-invalid"),
        ({"code": "W", "type": "string", "items": [{"value": "x"}]}, "items-misplaced"),
        (
            {
                "code": "W",
                "type": "enumeration",
                "items": [{"value": "x", "external_code": "E"}] * 2,
            },
            "item-taken",
        ),
    ],
)
async def test_a_field_that_cannot_be_is_refused(
    portal: TestPortal, fields: dict[str, Any], error: str
) -> None:
    answer = await portal.client.post(FIELDS, json=fields)
    assert (answer.json()["code"], answer.status_code // 100) == (error, 4)


async def test_a_code_is_given_once(portal: TestPortal) -> None:
    name = code()
    await add(portal, FIELDS, code=name, type="string")
    again = await portal.client.post(FIELDS, json={"code": name, "type": "integer"})
    assert (again.status_code, again.json()["code"]) == (409, "field-name-taken")


async def test_only_administrators_change_lists_and_fields(new_portal: SignUp) -> None:
    portal = await new_portal()
    email = f"u{secrets.token_hex(5)}@{portal.label}.example"
    await portal.client.post("/api/v1/users", json={"email": email, "password": PASSWORD})
    login = await portal.client.post(
        "/api/v1/sessions", json={"email": email, "password": PASSWORD}
    )
    headers = {"Authorization": f"Bearer {login.json()['token']}"}

    async def asked(method: str, path: str, body: Any = None) -> httpx.Response:
        return await portal.client.request(method, path, json=body, headers=headers)

    entry = {"kind": "lead_source", "code": "W", "name": "x"}
    for answer in (
        await asked("POST", STATUSES, entry),
        await asked("PATCH", f"{STATUSES}/lead_source/CALL", {"name": "x"}),
        await asked("DELETE", f"{STATUSES}/lead_source/WEB"),
        await asked("POST", FIELDS, {"code": "W", "type": "string"}),
        await asked("DELETE", f"{FIELDS}/1"),
    ):
        assert answer.status_code == 403
    assert (await asked("GET", STATUSES)).status_code == 200
    assert (await asked("GET", FIELDS)).status_code == 200


async def test_the_journal_tells_what_happens_to_lists_and_fields(new_portal: SignUp) -> None:
    portal = await new_portal()
    entry = await add(portal, STATUSES, kind="lead_source", code="FAIR", name="Fair")
    await portal.client.delete(path_of(entry))
    field = await add(portal, FIELDS, code="TARIFF", type="string")
    await portal.client.delete(f"{FIELDS}/{field['id']}")
    changes = (await portal.client.get("/api/v1/changes", params={"limit": 1000})).json()["items"]
    told = [(c["entity"], c["verb"]) for c in changes if c["entity"].startswith("crm_")]
    assert told == [
        *(("crm_list_entry", "created"), ("crm_list_entry", "deleted")),
        *(("crm_field", "created"), ("crm_field", "deleted")),
    ]
