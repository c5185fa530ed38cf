"""Leads over HTTP, one by one, on the running cluster."""

import asyncio
import secrets
from datetime import datetime, timedelta
from typing import Any

import pytest

from testkit.portals import PASSWORD, SignUp, TestPortal

from .calls import LEADS, created, listed


async def facts(portal: TestPortal, lead: int) -> list[tuple[str, dict[str, Any]]]:
    answer = await portal.client.get("/api/v1/changes", params={"limit": 1000})
    mine = [i for i in answer.json()["items"] if (i["entity"], i["entity_id"]) == ("lead", lead)]
    return [(i["verb"], i["payload"]) for i in mine]


async def test_a_lead_is_created_with_defaults_and_read_back(acme: TestPortal) -> None:
    answer = await acme.client.post(LEADS, json={"title": "  Заявка: телефония "})
    lead = answer.json()
    assert answer.status_code == 201
    assert (answer.headers["location"], answer.headers["etag"]) == (f"{LEADS}/{lead['id']}", '"1"')
    assert (lead["title"], lead["status"], lead["source"]) == ("Заявка: телефония", "NEW", None)
    assert (lead["currency"], lead["amount"]) == ("RUB", None)
    assert lead["responsible_id"] == lead["created_by"] == acme.user_id
    read = await acme.client.get(answer.headers["location"])
    assert (read.json(), read.headers["etag"]) == (lead, '"1"')


async def test_whatever_is_written_into_a_lead_comes_back(acme: TestPortal) -> None:
    written = {
        "status": "IN_PROCESS",
        "source": "CALL",
        "first_name": "Пётр",
        "last_name": "Мюллер",
        "middle_name": "Ильич",
        "company_title": "ООО «Ёлка» 🎄",
        "position": "Директор",
        "currency": "EUR",
        "comment": "раз\nдва\tтри",
        "phones": [{"id": 1, "value": "8 (495) 123-45-67", "type": "mobile"}],
        "emails": [{"id": 1, "value": "иван@почта.рф", "type": "home"}],
        "external_id": f"x-{secrets.token_hex(5)}",
        "status_description": "ждёт\nответа",
        "source_description": "выставка",
        "honorific": "HNR_DE_1",
        "birth_date": "1985-02-28",
        "address": {
            "street": "Domkloster 4",
            "street2": "2. Stock",
            "city": "Köln",
            "postal_code": "50667",
            "region": "NRW",
            "province": "Köln",
            "country": "Deutschland",
            "country_code": "DE",
        },
        "is_amount_manual": True,
        "is_public": False,
        "webs": [
            {"id": 1, "value": "https://example.com", "type": "work"},
            {"id": 2, "value": "example", "type": "vk"},
        ],
        "messengers": [{"id": 1, "value": "@ivan", "type": "telegram"}],
        "originator_id": "pbx",
        "origin_id": f"o-{secrets.token_hex(5)}",
        "utm": {"source": "a", "medium": "b", "campaign": "c", "content": "d", "term": "e"},
    }
    lead = await created(acme, **written)
    assert {name: lead[name] for name in written} == written
    read = await acme.client.get(f"{LEADS}/{lead['id']}")
    assert read.json() == lead
    assert datetime.fromisoformat(lead["created_at"]).utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("72250.5", "72250.50"),
        ("0.1", "0.10"),
        ('"0.10"', "0.10"),
        ("9999999999999.99", "9999999999999.99"),
        ('"9999999999999.99"', "9999999999999.99"),
        ("null", None),
    ],
)
async def test_an_amount_is_kept_to_the_cent(acme: TestPortal, sent: str, kept: str | None) -> None:
    body = f'{{"title": "x", "amount": {sent}}}'
    answer = await acme.client.post(
        LEADS, content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.json()["amount"] == kept


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"title": ""}, "/title"),
        ({"title": " "}, "/title"),
        ({"title": "x" * 256}, "/title"),
        ({"title": "a\x00b"}, "/title"),
        ({"title": None}, "/title"),
        ({"first_name": "x" * 101}, "/first_name"),
        ({"amount": 0.001}, "/amount"),
        ({"amount": -1}, "/amount"),
        ({"amount": 1e30}, "/amount"),
        ({"amount": "NaN"}, "/amount"),
        ({"currency": "rub"}, "/currency"),
        ({"currency": "QQQ"}, "/currency"),
        ({"comment": "x" * 10_001}, "/comment"),
        ({"phones": [{"value": "ab"}]}, "/phones/0/value"),
        ({"phones": [{"value": "123"}] * 21}, "/phones"),
        ({"emails": [{"value": "nobody"}]}, "/emails/0/value"),
        ({"phones": [{"value": "123", "type": "x" * 51}]}, "/phones/0/type"),
        ({"webs": [{"value": ""}]}, "/webs/0/value"),
        ({"birth_date": "1985-02-30"}, "/birth_date"),
        ({"address": {"city": "x" * 256}}, "/address/city"),
        ({"address": {"planet": "x"}}, "/address/planet"),
        ({"origin_id": ""}, "/origin_id"),
        ({"responsible_id": 2**63}, "/responsible_id"),
        ({"nonsense": 1}, "/nonsense"),
    ],
)
async def test_a_wrong_field_is_named(
    acme: TestPortal, fields: dict[str, Any], pointer: str
) -> None:
    answer = await acme.client.post(LEADS, json={"title": "x", **fields})
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"status": "NOPE"}, "lead-status-unknown"),
        ({"source": "NOPE"}, "lead-source-unknown"),
        ({"honorific": "NOPE"}, "lead-honorific-unknown"),
        ({"custom": {"NOPE": 1}}, "field-unknown"),
        ({"responsible_id": 999_999}, "responsible-not-found"),
    ],
)
async def test_what_is_not_in_the_portal_cannot_be_named(
    acme: TestPortal, fields: dict[str, Any], code: str
) -> None:
    answer = await acme.client.post(LEADS, json={"title": "x", **fields})
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_nobody_who_was_dismissed_becomes_responsible(acme: TestPortal) -> None:
    email = f"u{secrets.token_hex(5)}@{acme.label}.example"
    added = await acme.client.post("/api/v1/users", json={"email": email, "password": PASSWORD})
    user = added.json()["id"]
    lead = await created(acme, responsible_id=user)
    assert lead["responsible_id"] == user
    await acme.client.post(f"/api/v1/users/{user}/dismissal")
    refused = await acme.client.post(LEADS, json={"title": "x", "responsible_id": user})
    assert refused.json()["code"] == "responsible-not-found"
    kept = await acme.client.patch(f"{LEADS}/{lead['id']}", json={"title": "y"})
    assert kept.json()["responsible_id"] == user


async def test_a_patch_changes_what_it_names_and_tells_the_journal(new_portal: SignUp) -> None:
    portal = await new_portal(locale="ru")
    lead = await created(portal, amount=5, source="WEB", phones=[{"value": "84951234567"}])
    address = f"{LEADS}/{lead['id']}"
    answer = await portal.client.patch(
        address, json={"status": "junk", "source": None, "phones": []}
    )
    assert answer.headers["etag"] == '"2"'
    at = answer.json()["updated_at"]
    changed: dict[str, Any] = {"status": "JUNK", "source": None, "phones": []}
    assert answer.json() == {
        **lead,
        **changed,
        **dict.fromkeys(("updated_at", "moved_at", "closed_at"), at),
    }
    unchanged = await portal.client.patch(address, json={"status": "JUNK"})
    assert unchanged.headers["etag"] == '"2"'
    await portal.client.delete(address)
    told = await facts(portal, lead["id"])
    assert [verb for verb, _ in told] == ["created", "updated", "deleted"]
    assert told[1][1]["changes"]["status"] == {"old": "NEW", "new": "JUNK"}


async def test_an_address_is_changed_part_by_part_and_emptied_whole(acme: TestPortal) -> None:
    lead = await created(acme, address={"city": "Köln", "street": "Dom 1"}, utm={"term": "x"})
    path = f"{LEADS}/{lead['id']}"
    answer = await acme.client.patch(path, json={"address": {"city": "Bonn"}, "utm": None})
    assert (answer.json()["address"]["city"], answer.json()["address"]["street"]) == (
        "Bonn",
        "Dom 1",
    )
    assert answer.json()["utm"] is None
    answer = await acme.client.patch(path, json={"address": None})
    assert (answer.json()["address"], answer.headers["etag"]) == (None, '"3"')


async def test_entries_of_a_list_keep_their_ids_while_they_stay(acme: TestPortal) -> None:
    lead = await created(acme, phones=[{"value": n, "type": "work"} for n in ("111", "222", "333")])
    path = f"{LEADS}/{lead['id']}"
    wanted = [{"value": "333"}, {"id": 2, "value": "2222"}, {"value": "444", "type": "Pager"}]
    answer = await acme.client.patch(path, json={"phones": wanted})
    kept = [
        {"id": 3, "value": "333", "type": "work"},
        {"id": 2, "value": "2222", "type": "work"},
        {"id": 4, "value": "444", "type": "pager"},
    ]
    assert answer.json()["phones"] == kept
    assert (await acme.client.get(path)).json()["phones"] == kept
    again = await acme.client.patch(path, json={"phones": kept})
    assert again.headers["etag"] == answer.headers["etag"]


async def test_a_lead_knows_who_moved_it_and_since_when_it_is_closed(acme: TestPortal) -> None:
    lead = await created(acme)
    assert (lead["moved_at"], lead["moved_by"]) == (lead["created_at"], acme.user_id)
    assert lead["closed_at"] is None
    path = f"{LEADS}/{lead['id']}"
    renamed = (await acme.client.patch(path, json={"title": "y"})).json()
    assert (renamed["moved_at"], renamed["updated_by"]) == (lead["moved_at"], acme.user_id)
    closed = (await acme.client.patch(path, json={"status": "CONVERTED"})).json()
    assert closed["closed_at"] == closed["moved_at"] == closed["updated_at"] != lead["moved_at"]
    opened = (await acme.client.patch(path, json={"status": "IN_PROCESS"})).json()
    assert opened["closed_at"] is None
    assert opened["moved_at"] > closed["moved_at"]


async def test_of_two_people_who_edit_at_once_the_second_is_told(acme: TestPortal) -> None:
    lead = await created(acme)
    answers = await asyncio.gather(
        *(
            acme.client.patch(
                f"{LEADS}/{lead['id']}", json={"title": f"t{n}"}, headers={"If-Match": '"1"'}
            )
            for n in range(5)
        )
    )
    assert sorted(a.status_code for a in answers) == [200, 412, 412, 412, 412]
    refused = next(a for a in answers if a.status_code == 412)
    assert refused.json()["values"] == {"current": '"2"'}


async def test_a_deleted_lead_is_gone(acme: TestPortal) -> None:
    lead = await created(acme)
    address = f"{LEADS}/{lead['id']}"
    stale = await acme.client.delete(address, headers={"If-Match": '"7"'})
    assert stale.status_code == 412
    assert (await acme.client.delete(address)).status_code == 204
    for answer in (
        await acme.client.get(address),
        await acme.client.patch(address, json={"title": "x"}),
        await acme.client.delete(address),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "lead-not-found")


async def test_an_external_id_belongs_to_one_lead(acme: TestPortal) -> None:
    external_id = f"Ext-{secrets.token_hex(5)}"
    lead = await created(acme, external_id=external_id)
    again = await acme.client.post(LEADS, json={"title": "x", "external_id": external_id})
    assert (again.status_code, again.json()["code"]) == (409, "external-id-taken")
    other = await created(acme)
    taken = await acme.client.patch(f"{LEADS}/{other['id']}", json={"external_id": external_id})
    assert taken.json()["code"] == "external-id-taken"
    assert [x["id"] for x in await listed(acme, external_id=external_id)] == [lead["id"]]
    assert await listed(acme, external_id=external_id.lower()) == []


async def test_a_repeated_request_creates_one_lead(acme: TestPortal) -> None:
    title, headers = secrets.token_hex(8), {"Idempotency-Key": secrets.token_hex(8)}
    answers = await asyncio.gather(
        *(acme.client.post(LEADS, json={"title": title}, headers=headers) for _ in range(4))
    )
    assert {a.status_code for a in answers} == {201}
    assert len({a.json()["id"] for a in answers}) == 1
    assert len(await listed(acme, search=title)) == 1


async def test_a_lead_of_another_portal_does_not_exist(acme: TestPortal, beta: TestPortal) -> None:
    lead = await created(acme, external_id=secrets.token_hex(8))
    address = f"{LEADS}/{lead['id']}"
    assert (await beta.client.get(address)).status_code == 404
    assert (await beta.client.patch(address, json={"title": "x"})).status_code == 404
    assert (await beta.client.delete(address)).status_code == 404
    assert await listed(beta, external_id=lead["external_id"]) == []
