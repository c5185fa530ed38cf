"""crm.lead.* over HTTP, on the running cluster."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from testkit.portals import TestPortal

from .contract import documented, mismatches
from .hooks import Hook, hook

LEADS = documented("crm.lead")
SQL = "1' OR '1'='1'; DROP TABLE crm_leads; --"
HUGE = "9" * 40


@pytest.fixture
async def crm(acme: TestPortal) -> AsyncIterator[Hook]:
    async with hook(acme, "crm") as opened:
        yield opened


async def read(crm: Hook, lead: int) -> dict[str, Any]:
    found: dict[str, Any] = await crm.result("crm.lead.get", id=lead)
    return found


async def test_a_lead_is_created_with_defaults(crm: Hook, acme: TestPortal) -> None:
    lead = await crm.result("crm.lead.add", fields={"TITLE": "Заявка"})
    assert isinstance(lead, int)
    kept = await read(crm, lead)
    assert (kept["ID"], kept["TITLE"], kept["STATUS_ID"]) == (str(lead), "Заявка", "NEW")
    assert (kept["CURRENCY_ID"], kept["OPPORTUNITY"], kept["OPENED"]) == ("RUB", "0.00", "Y")
    assert kept["ASSIGNED_BY_ID"] == kept["CREATED_BY_ID"] == str(acme.user_id)
    assert kept["MOVED_TIME"] == kept["DATE_CREATE"] == kept["DATE_MODIFY"]
    assert (kept["STATUS_SEMANTIC_ID"], kept["DATE_CLOSED"]) == ("P", "")


async def test_a_lead_has_the_documented_shape(crm: Hook) -> None:
    phone = [{"VALUE": "555888", "VALUE_TYPE": "WORK"}]
    messenger = [{"VALUE": "@gleb", "VALUE_TYPE": "TELEGRAM"}]
    lead = await crm.result("crm.lead.add", fields={"PHONE": phone, "IM": messenger})
    wanted = {**LEADS["crm.lead.get"]["result"], "SOURCE_ID": "string"}
    assert mismatches(wanted, await read(crm, lead)) == []


async def test_the_documented_example_comes_back(crm: Hook, acme: TestPortal) -> None:
    sent = {
        "TITLE": "ООО «Титов»",
        "NAME": "Глеб",
        "SECOND_NAME": "Егорович",
        "LAST_NAME": "Титов",
        "STATUS_ID": "NEW",
        "OPENED": "Y",
        "ASSIGNED_BY_ID": acme.user_id,
        "CURRENCY_ID": "USD",
        "OPPORTUNITY": 12500,
        "PHONE": [{"VALUE": "555888", "VALUE_TYPE": "WORK"}],
        "WEB": [{"VALUE": "www.mysite.com", "VALUE_TYPE": "WORK"}],
    }
    params = {"REGISTER_SONET_EVENT": "Y"}
    lead = await crm.result("crm.lead.add", fields=sent, params=params)
    kept = await read(crm, lead)
    assert (kept["OPPORTUNITY"], kept["CURRENCY_ID"]) == ("12500.00", "USD")
    assert kept["SECOND_NAME"] == "Егорович"
    assert kept["PHONE"][0]["VALUE"] == "555888"
    assert kept["WEB"] == [
        {"ID": "1", "VALUE_TYPE": "WORK", "VALUE": "www.mysite.com", "TYPE_ID": "WEB"}
    ]


async def test_whatever_is_written_comes_back(crm: Hook) -> None:
    sent = {
        "TITLE": "Заявка 🎄",
        "HONORIFIC": "HNR_RU_1",
        "BIRTHDATE": "11.11.2001",
        "COMPANY_TITLE": "ООО «Ёлка»",
        "SOURCE_ID": "CALL",
        "SOURCE_DESCRIPTION": "первая\nвторая",
        "STATUS_ID": "JUNK",
        "STATUS_DESCRIPTION": "не наш клиент",
        "POST": "Директор",
        "ADDRESS": "Тверская, 1",
        "ADDRESS_2": "кв. 2",
        "ADDRESS_CITY": "Москва",
        "ADDRESS_POSTAL_CODE": "101000",
        "ADDRESS_REGION": "Центр",
        "ADDRESS_PROVINCE": "Московская",
        "ADDRESS_COUNTRY": "Россия",
        "ADDRESS_COUNTRY_CODE": "RU",
        "IS_MANUAL_OPPORTUNITY": "Y",
        "OPENED": "N",
        "COMMENTS": "раз\nдва",
        "ORIGINATOR_ID": "1c",
        "ORIGIN_ID": "17",
        "UTM_SOURCE": "google",
        "UTM_MEDIUM": "cpc",
        "UTM_CAMPAIGN": "осень",
        "UTM_CONTENT": "баннер",
        "UTM_TERM": "црм",
    }
    kept = await read(crm, await crm.result("crm.lead.add", fields=sent))
    assert kept["BIRTHDATE"] == "2001-11-11T00:00:00+00:00"
    assert {n: kept[n] for n in sent if n != "BIRTHDATE"} == {
        n: v for n, v in sent.items() if n != "BIRTHDATE"
    }
    assert (kept["STATUS_SEMANTIC_ID"], kept["DATE_CLOSED"]) == ("F", kept["MOVED_TIME"])


async def test_a_change_leaves_the_rest_as_it_is(crm: Hook) -> None:
    fields = {"TITLE": "а", "NAME": "Глеб", "OPPORTUNITY": 5, "PHONE": [{"VALUE": "555888"}]}
    lead = await crm.result("crm.lead.add", fields=fields)
    before = await read(crm, lead)
    answer = await crm.result("crm.lead.update", id=lead, fields={"TITLE": "б", "NAME": ""})
    assert answer is True
    after = await read(crm, lead)
    changed = {"TITLE", "NAME", "DATE_MODIFY", "LAST_ACTIVITY_TIME"}
    assert (after["TITLE"], after["NAME"]) == ("б", None)
    assert {n: v for n, v in after.items() if n not in changed} == {
        n: v for n, v in before.items() if n not in changed
    }


async def test_a_moved_lead_says_when_and_is_closed_by_a_final_stage(crm: Hook) -> None:
    lead = await crm.result("crm.lead.add", fields={"TITLE": "а"})
    await crm.result("crm.lead.update", id=lead, fields={"STATUS_ID": "CONVERTED"})
    closed = await read(crm, lead)
    assert (closed["STATUS_SEMANTIC_ID"], closed["DATE_CLOSED"]) == ("S", closed["MOVED_TIME"])
    await crm.result("crm.lead.update", id=lead, fields={"STATUS_ID": "IN_PROCESS"})
    assert (await read(crm, lead))["DATE_CLOSED"] == ""


async def test_multifields_are_changed_by_their_ids(crm: Hook) -> None:
    phones = [{"VALUE": f"+7 999 000-00-0{n}", "VALUE_TYPE": "WORK"} for n in range(4)]
    lead = await crm.result("crm.lead.add", fields={"TITLE": "а", "PHONE": phones})
    first, second, third, fourth = (await read(crm, lead))["PHONE"]
    change = [
        {"ID": first["ID"], "VALUE": "+7 999 000-00-09", "VALUE_TYPE": "HOME"},
        {"ID": second["ID"], "DELETE": "Y"},
        {"ID": third["ID"], "VALUE": ""},
        {"VALUE": "+7 999 000-00-08"},
    ]
    await crm.result("crm.lead.update", id=lead, fields={"PHONE": change})
    kept = (await read(crm, lead))["PHONE"]
    assert [(p["VALUE"], p["VALUE_TYPE"]) for p in kept] == [
        ("+7 999 000-00-09", "HOME"),
        (fourth["VALUE"], "WORK"),
        ("+7 999 000-00-08", "WORK"),
    ]
    assert [p["ID"] for p in kept[:2]] == [first["ID"], fourth["ID"]]
    assert kept[2]["ID"] not in {p["ID"] for p in (first, second, third, fourth)}
    gone = [{"ID": p["ID"], "DELETE": "Y"} for p in kept]
    await crm.result("crm.lead.update", id=lead, fields={"PHONE": gone})
    emptied = await read(crm, lead)
    assert "PHONE" not in emptied
    assert emptied["HAS_PHONE"] == "N"


async def test_a_deleted_lead_is_gone(crm: Hook) -> None:
    lead = await crm.result("crm.lead.add", fields={"TITLE": "а"})
    assert await crm.result("crm.lead.delete", id=lead) is True
    for method, more in (("get", {}), ("update", {"fields": {"TITLE": "б"}}), ("delete", {})):
        refused = await crm.error(f"crm.lead.{method}", id=lead, **more)
        assert refused == (400, "", "Not found")


@pytest.mark.parametrize("method", ["get", "update", "delete"])
@pytest.mark.parametrize("wrong", [None, "", 0, -5, "abc", SQL, HUGE, [1], {"a": 1}, 1.5])
async def test_an_id_that_is_none_is_refused(crm: Hook, method: str, wrong: object) -> None:
    refused = await crm.error(f"crm.lead.{method}", id=wrong, fields={"TITLE": "б"})
    assert refused == (400, "", "ID is not defined or invalid.")


async def test_the_native_api_shows_the_same_lead(crm: Hook, acme: TestPortal) -> None:
    web = [{"VALUE": "www.example.com", "VALUE_TYPE": "HOME"}]
    fields = {"TITLE": "Общий", "WEB": web, "ADDRESS_CITY": "Омск", "UTM_SOURCE": "ya"}
    lead = await crm.result("crm.lead.add", fields=fields)
    native = (await acme.client.get(f"/api/v1/crm/leads/{lead}")).json()
    assert (native["title"], native["address"]["city"]) == ("Общий", "Омск")
    assert native["utm"]["source"] == "ya"
    assert [(w["value"], w["type"]) for w in native["webs"]] == [("www.example.com", "home")]


@pytest.mark.parametrize("method", ["crm.lead.add", "crm.lead.update"])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("STATUS_ID", SQL),
        ("SOURCE_ID", SQL),
        ("HONORIFIC", SQL),
        ("CURRENCY_ID", "РУБ"),
        ("CURRENCY_ID", SQL),
        ("OPPORTUNITY", SQL),
        ("OPPORTUNITY", "1e30"),
        ("OPPORTUNITY", -1),
        ("OPPORTUNITY", HUGE),
        ("ASSIGNED_BY_ID", 999_999),
        ("ASSIGNED_BY_ID", HUGE),
        ("ASSIGNED_BY_ID", SQL),
        ("BIRTHDATE", SQL),
        ("BIRTHDATE", "0000-00-00"),
        ("TITLE", "x" * 256),
        ("TITLE", "a\x00b"),
        ("TITLE", {"a": 1}),
        ("NAME", "x" * 101),
        ("COMMENTS", "x" * 10_001),
        ("PHONE", [{"VALUE": f"+7 999 {n:07}"} for n in range(21)]),
        ("PHONE", SQL),
        ("EMAIL", [{"VALUE": SQL}]),
    ],
)
async def test_a_value_that_is_none_is_refused(
    crm: Hook, method: str, field: str, value: object
) -> None:
    lead = await crm.result("crm.lead.add", fields={"TITLE": "а"})
    status, code, text = await crm.error(method, id=lead, fields={"TITLE": "б", field: value})
    assert (status, code) == (400, "")
    assert text
    assert (await read(crm, lead))["TITLE"] == "а"


@pytest.mark.parametrize("field", ["TITLE", "NAME", "ADDRESS_CITY", "COMMENTS", "UTM_TERM", "POST"])
async def test_a_text_may_look_like_sql(crm: Hook, field: str) -> None:
    lead = await crm.result("crm.lead.add", fields={"TITLE": "а", field: SQL})
    assert (await read(crm, lead))[field] == SQL


@pytest.mark.parametrize(
    ("name", "value"),
    [("fields", "x"), ("filter", SQL), ("order", "ID"), ("select", "ID"), ("params", 5)],
)
async def test_a_parameter_that_is_no_map_is_refused(crm: Hook, name: str, value: object) -> None:
    method = "crm.lead.add" if name in {"fields", "params"} else "crm.lead.list"
    answer = await crm.ask(method, **{name: value})
    if name == "params":
        assert answer.status_code == 200
        return
    assert answer.status_code == 400
    assert answer.json()["error_description"] == f"Parameter '{name}' must be array."


async def test_no_scope_is_no_lead(acme: TestPortal) -> None:
    async with hook(acme, "user") as other:
        refused = await other.error("crm.lead.list")
        assert refused[:2] == (403, "insufficient_scope")


async def test_leads_of_another_portal_do_not_exist(crm: Hook, beta: TestPortal) -> None:
    lead = await crm.result("crm.lead.add", fields={"TITLE": "а"})
    async with hook(beta, "crm") as theirs:
        assert await theirs.error("crm.lead.get", id=lead) == (400, "", "Not found")
        assert await theirs.error("crm.lead.delete", id=lead) == (400, "", "Not found")
        rows = await theirs.result("crm.lead.list", filter={"ID": lead})
        assert rows == []


async def test_two_at_once_do_not_lose_each_others_change(crm: Hook) -> None:
    lead = await crm.result("crm.lead.add", fields={"TITLE": "а"})
    fields: tuple[dict[str, str], ...] = ({"NAME": "Глеб"}, {"LAST_NAME": "Титов"}, {"POST": "Шеф"})
    changes = [crm.result("crm.lead.update", id=lead, fields=f) for f in fields]
    assert await asyncio.gather(*changes) == [True, True, True]
    kept = await read(crm, lead)
    assert (kept["NAME"], kept["LAST_NAME"], kept["POST"]) == ("Глеб", "Титов", "Шеф")
