"""crm.status.*, crm.enum.* and crm.currency.* over HTTP, on the running cluster."""

import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest

from testkit.portals import PASSWORD, SignUp, TestPortal

from .contract import documented, mismatches
from .hooks import Hook, hook

STATUSES = documented("crm.status")
ENUMS = documented("crm.enum")
SQL = "1' OR '1'='1'; DROP TABLE crm_statuses; --"
COMMON_ENUMS = (
    *("activitydirection", "activitynotifytype", "activitypriority", "activitystatus"),
    *("activitytype", "addresstype", "contenttype", "ownertype", "settings.mode"),
)


@pytest.fixture(scope="module")
async def portal(new_portal: SignUp) -> TestPortal:
    return await new_portal(locale="ru", region="ru")


@pytest.fixture
async def crm(portal: TestPortal) -> AsyncIterator[Hook]:
    async with hook(portal, "crm") as opened:
        yield opened


def new_entry(entity: str = "SOURCE", **more: Any) -> dict[str, Any]:
    code = f"T_{secrets.token_hex(6).upper()}"
    return {"ENTITY_ID": entity, "STATUS_ID": code, "NAME": "Журнал", **more}


async def test_stages_have_the_documented_shape(crm: Hook) -> None:
    asked = {"order": {"SORT": "ASC"}, "filter": {"ENTITY_ID": "STATUS"}}
    body = await crm.body("crm.status.list", **asked)
    assert mismatches(STATUSES["crm.status.list"]["result"], body["result"]) == []
    assert [row["STATUS_ID"] for row in body["result"]][:3] == ["NEW", "IN_PROCESS", "PROCESSED"]
    assert body["total"] == len(body["result"]) == 5
    by_code = {row["STATUS_ID"]: row for row in body["result"]}
    assert by_code["NEW"]["NAME"] == by_code["NEW"]["NAME_INIT"] == "Новый"
    assert [by_code[c]["SEMANTICS"] for c in ("NEW", "CONVERTED", "JUNK")] == [None, "S", "F"]
    assert by_code["JUNK"]["EXTRA"]["SEMANTICS"] == "failure"
    shown = await crm.result("crm.status.get", id=by_code["NEW"]["ID"])
    assert mismatches(STATUSES["crm.status.get"]["result"], shown) == []


async def test_sources_are_the_documented_ones(crm: Hook) -> None:
    items = await crm.result("crm.status.entity.items", entityId="SOURCE")
    assert mismatches(STATUSES["crm.status.entity.items"]["result"], items) == []
    wanted = {
        *("CALL", "EMAIL", "WEB", "ADVERTISING", "PARTNER", "RECOMMENDATION", "TRADE_SHOW"),
        *("WEBFORM", "CALLBACK", "RC_GENERATOR", "STORE", "OTHER"),
    }
    assert wanted <= {item["STATUS_ID"] for item in items}
    titles = await crm.result("crm.status.entity.items", entityId="HONORIFIC")
    assert "HNR_RU_1" in {item["STATUS_ID"] for item in titles}


async def test_the_lists_themselves_are_listed(crm: Hook) -> None:
    types = await crm.result("crm.status.entity.types")
    assert mismatches(STATUSES["crm.status.entity.types"]["result"], types[:1]) == []
    assert [row["ID"] for row in types] == ["STATUS", "SOURCE", "HONORIFIC"]
    assert types[0]["NAME"] == "Стадии лидов"
    assert types[0]["SEMANTIC_INFO"] == {
        "START_FIELD": "NEW",
        "FINAL_SUCCESS_FIELD": "CONVERTED",
        "FINAL_UNSUCCESS_FIELD": "JUNK",
        "FINAL_SORT": 0,
    }


async def test_fields_have_the_documented_shape(crm: Hook) -> None:
    fields = await crm.result("crm.status.fields")
    assert mismatches(STATUSES["crm.status.fields"]["result"], fields) == []
    assert fields["EXTRA"]["type"] == "crm_status_extra"
    assert fields["STATUS_ID"]["isRequired"]
    assert fields["STATUS_ID"]["isImmutable"]


async def test_an_entry_is_added_changed_and_removed(crm: Hook) -> None:
    entry = new_entry(SORT=999, COLOR="#39A8EF")
    added = await crm.result("crm.status.add", fields=entry)
    assert isinstance(added, int)
    shown = await crm.result("crm.status.get", id=added)
    assert (shown["NAME"], shown["SORT"], shown["SYSTEM"]) == ("Журнал", "999", "N")
    assert shown["COLOR"].upper() == "#39A8EF"
    change = {"NAME": "Газета", "SORT": 1000, "ENTITY_ID": "STATUS", "STATUS_ID": "X"}
    assert await crm.result("crm.status.update", id=added, fields=change) is True
    wanted = {"ENTITY_ID": "SOURCE", "STATUS_ID": entry["STATUS_ID"]}
    [row] = await crm.result("crm.status.list", filter=wanted)
    assert (row["NAME"], row["NAME_INIT"], row["SORT"]) == ("Газета", "Журнал", "1000")
    lead = await crm.result("crm.lead.add", fields={"TITLE": "а", "SOURCE_ID": entry["STATUS_ID"]})
    used = await crm.error("crm.status.delete", id=added)
    assert used == (400, "", "There are active items in this status.")
    await crm.result("crm.lead.delete", id=lead)
    assert await crm.result("crm.status.delete", id=added) is True
    assert await crm.error("crm.status.get", id=added) == (400, "", "Status is not found.")


async def test_a_stage_of_ones_own_may_be_final(crm: Hook) -> None:
    entry = new_entry("STATUS", SEMANTICS="F")
    await crm.result("crm.status.add", fields=entry)
    lead = await crm.result("crm.lead.add", fields={"TITLE": "а", "STATUS_ID": entry["STATUS_ID"]})
    assert (await crm.result("crm.lead.get", id=lead))["STATUS_SEMANTIC_ID"] == "F"
    asked = {"STATUS_SEMANTIC_ID": "F", "ID": lead}
    assert len(await crm.result("crm.lead.list", filter=asked)) == 1


async def test_entries_are_walked_through_from_behind(crm: Hook) -> None:
    seen: list[int] = []
    while True:
        wanted = {"<ID": seen[-1]} if seen else {}
        asked = {"filter": wanted, "order": {"ID": "DESC"}, "start": -1}
        rows = await crm.result("crm.status.list", **asked)
        seen += [int(row["ID"]) for row in rows]
        if len(rows) < 50:
            break
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) >= 20


@pytest.mark.parametrize(
    ("fields", "code", "text"),
    [
        ({}, "", "The field ENTITY_ID is required., The field STATUS_ID is required."),
        ({"ENTITY_ID": "SOURCE"}, "", "The field STATUS_ID is required."),
        (
            {"ENTITY_ID": "NOPE", "STATUS_ID": "A", "NAME": "а"},
            "",
            "Specified entity type is not supported.",
        ),
        ({"ENTITY_ID": "SOURCE", "STATUS_ID": "A"}, "", "The field Title is required."),
        (
            {"ENTITY_ID": "SOURCE", "STATUS_ID": "CALL", "NAME": "а"},
            "ERROR_CORE",
            "The specified status ID already exists.",
        ),
        (
            {"ENTITY_ID": "STATUS", "STATUS_ID": "A" * 22, "NAME": "а"},
            "",
            "Invalid value of field STATUS_ID.",
        ),
        (
            {"ENTITY_ID": "STATUS", "STATUS_ID": SQL[:20], "NAME": "а"},
            "",
            "Invalid value of field STATUS_ID.",
        ),
        (
            {"ENTITY_ID": "SOURCE", "STATUS_ID": "B", "NAME": "x" * 101},
            "",
            "Invalid value of field NAME.",
        ),
        (
            {"ENTITY_ID": "SOURCE", "STATUS_ID": "B", "NAME": "а", "COLOR": "red"},
            "",
            "Invalid value of field COLOR.",
        ),
        (
            {"ENTITY_ID": "SOURCE", "STATUS_ID": "B", "NAME": "а", "SORT": 99_999},
            "",
            "Invalid value of field SORT.",
        ),
        (
            {"ENTITY_ID": "SOURCE", "STATUS_ID": "B", "NAME": "а", "SORT": "много"},
            "",
            "Invalid value of field SORT.",
        ),
    ],
)
async def test_a_wrong_entry_is_refused(
    crm: Hook, fields: dict[str, Any], code: str, text: str
) -> None:
    assert await crm.error("crm.status.add", fields=fields) == (400, code, text)


async def test_entries_of_the_system_stay(crm: Hook) -> None:
    wanted = {"ENTITY_ID": "STATUS", "STATUS_ID": "NEW"}
    [entry] = await crm.result("crm.status.list", filter=wanted)
    status, code, text = await crm.error("crm.status.delete", id=entry["ID"])
    assert (status, code, "FORCED" in text) == (400, "", True)
    forced = {"id": entry["ID"], "params": {"FORCED": "Y"}}
    assert (await crm.error("crm.status.delete", **forced))[2] == "Error on deleting status."


@pytest.mark.parametrize("method", ["get", "update", "delete"])
async def test_an_id_that_is_none_is_refused(crm: Hook, method: str) -> None:
    for wrong in (None, 0, SQL, "9" * 40):
        refused = await crm.error(f"crm.status.{method}", id=wrong, fields={"NAME": "а"})
        assert refused == (400, "", "Invalid identifier.")
    refused = await crm.error(f"crm.status.{method}", id=10**12, fields={"NAME": "а"})
    assert refused == (400, "", "Status is not found.")


async def test_items_of_no_list_are_refused(crm: Hook) -> None:
    for wrong in (None, "NOPE", SQL):
        refused = await crm.error("crm.status.entity.items", entityId=wrong)
        assert refused == (400, "", "The parameter entityId is not defined or invalid.")


async def test_only_administrators_change_lists(portal: TestPortal) -> None:
    email = f"u{secrets.token_hex(5)}@{portal.label}.example"
    body = {"email": email, "password": PASSWORD}
    user = (await portal.client.post("/api/v1/users", json=body)).json()["id"]
    async with hook(portal, "crm", user_id=user) as theirs:
        for method in ("add", "update", "delete"):
            refused = await theirs.error(f"crm.status.{method}", id=1, fields=new_entry())
            assert refused == (400, "", "Access denied.")
        assert await theirs.result("crm.status.entity.items", entityId="STATUS")


@pytest.mark.parametrize("name", COMMON_ENUMS)
async def test_enumerations_are_numbers_with_names(crm: Hook, name: str) -> None:
    rows = await crm.result(f"crm.enum.{name}")
    assert rows
    for row in rows:
        assert isinstance(row["ID"], int)
        assert isinstance(row["NAME"], str)


async def test_owner_types_have_the_documented_shape(crm: Hook) -> None:
    rows = await crm.result("crm.enum.ownertype")
    assert mismatches(ENUMS["crm.enum.ownertype"]["result"], rows) == []
    assert [(r["ID"], r["NAME"], r["SYMBOL_CODE"]) for r in rows[:1]] == [(1, "Лид", "LEAD")]
    fields = await crm.result("crm.enum.fields")
    assert mismatches(ENUMS["crm.enum.fields"]["result"], fields) == []
    assert (await crm.result("crm.multifield.fields"))["VALUE"]["title"] == "Значение"


async def test_the_currency_of_the_portal_is_the_base(crm: Hook) -> None:
    currencies = documented("crm.currency")
    assert await crm.result("crm.currency.base.get") == "RUB"
    body = await crm.body("crm.currency.list", order={"sort": "asc"})
    assert mismatches(currencies["crm.currency.list"]["result"], body["result"]) == []
    assert (body["total"], body["result"][0]["FULL_NAME"]) == (1, "российский рубль")
    rouble = await crm.result("crm.currency.get", id="RUB")
    assert mismatches(currencies["crm.currency.get"]["result"], rouble) == []
    assert await crm.error("crm.currency.get", id=SQL) == (400, "", "Not found")
