"""Leads, contacts and lists over HTTP, on the running cluster."""

import asyncio
import secrets
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from testkit.portals import PASSWORD, SignUp, TestPortal

LEADS = "/api/v1/crm/leads"


async def created(portal: TestPortal, **fields: Any) -> dict[str, Any]:
    answer = await portal.client.post(LEADS, json={"title": "Заявка", **fields})
    assert answer.status_code == 201, answer.text
    lead: dict[str, Any] = answer.json()
    return lead


async def listed(portal: TestPortal, **query: Any) -> list[dict[str, Any]]:
    """Walk the whole list, page by page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        asked = {**query, **({"cursor": cursor} if cursor else {})}
        answer = await portal.client.get(LEADS, params=asked)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            return found


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
        "phones": [{"value": "8 (495) 123-45-67", "type": "mobile"}],
        "emails": [{"value": "иван@почта.рф", "type": "home"}],
        "external_id": f"x-{secrets.token_hex(5)}",
    }
    lead = await created(acme, **written)
    assert {name: lead[name] for name in written} == written
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
    changed: dict[str, Any] = {"status": "JUNK", "source": None, "phones": []}
    assert answer.json() == {**lead, **changed, "updated_at": answer.json()["updated_at"]}
    unchanged = await portal.client.patch(address, json={"status": "JUNK"})
    assert unchanged.headers["etag"] == '"2"'
    await portal.client.delete(address)
    told = await facts(portal, lead["id"])
    assert [verb for verb, _ in told] == ["created", "updated", "deleted"]
    assert told[1][1]["changes"]["status"] == {"old": "NEW", "new": "JUNK"}


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


@pytest.fixture(scope="module")
async def shelf(new_portal: SignUp) -> TestPortal:
    """A portal with eleven leads, many of them equal in what they are sorted by."""
    portal = await new_portal(locale="ru")
    for amount, title in [
        *((None, "б"), (5, "а"), (5, "А"), (None, "Б"), (1, "в"), (5, "а"), (None, "а")),
        *((2, "Ё"), (2, "е"), (7, "я"), (1, "б")),
    ]:
        await created(portal, amount=amount, title=title)
    return portal


@pytest.mark.parametrize("limit", [1, 3, 200])
@pytest.mark.parametrize("order", ["id", "created_at", "amount", "title"])
async def test_pages_of_any_size_give_the_list_once_and_its_reverse_too(
    shelf: TestPortal, order: str, limit: int
) -> None:
    up = [lead["id"] for lead in await listed(shelf, order=order, limit=limit)]
    down = [lead["id"] for lead in await listed(shelf, order=f"-{order}", limit=limit)]
    assert len(set(up)) == len(up) == 11
    assert down == up[::-1]


async def test_equals_are_in_the_order_of_their_ids_and_the_empty_come_first(
    shelf: TestPortal,
) -> None:
    found = [(x["amount"], x["id"]) for x in await listed(shelf, order="amount", limit=2)]
    assert found == sorted(found, key=lambda x: (float(x[0] or -1), x[1]))


async def test_a_page_stays_right_while_leads_come_and_go(new_portal: SignUp) -> None:
    portal = await new_portal()
    ids = [(await created(portal, title=f"t{n}"))["id"] for n in range(6)]
    first = (await portal.client.get(LEADS, params={"limit": 3})).json()
    await created(portal, title="new")
    await portal.client.delete(f"{LEADS}/{ids[3]}")
    rest = (await portal.client.get(LEADS, params={"limit": 3, "cursor": first["next"]})).json()
    assert [x["id"] for x in first["items"]] == ids[:2:-1]
    assert [x["id"] for x in rest["items"]] == ids[2::-1]


async def test_a_cursor_of_another_list_is_refused(shelf: TestPortal) -> None:
    page = (await shelf.client.get(LEADS, params={"limit": 2, "order": "title"})).json()
    for query in (
        {"cursor": page["next"], "order": "-title"},
        {"cursor": "WyJsZWFkczotaWQiXQ=="},
        {"cursor": "WyJsZWFkczotaWQiLCAieCJd"},
        {"cursor": "nonsense"},
    ):
        answer = await shelf.client.get(LEADS, params=query)
        assert (answer.status_code, answer.json()["code"]) == (422, "cursor-malformed")


async def test_a_long_title_fits_into_a_cursor(new_portal: SignUp) -> None:
    portal = await new_portal()
    for end in "abc":
        await created(portal, title="😀" * 254 + end)
    assert len(await listed(portal, order="title", limit=1)) == 3


async def test_each_filter_finds_what_it_says(new_portal: SignUp) -> None:
    portal = await new_portal(locale="ru")
    a = await created(portal, status="JUNK", source="CALL", amount=10)
    b = await created(portal, amount=20, source="CALL", title="Ромашка 100%")
    c = await created(portal, last_name="Сидорова", company_title="ООО Ромашка")
    at = datetime.fromisoformat(b["created_at"]).astimezone().isoformat()
    for query, expected in (
        ({"status": "JUNK"}, [a]),
        ({"source": "CALL"}, [b, a]),
        ({"source": "CALL", "status": "NEW"}, [b]),
        ({"responsible_id": portal.user_id}, [c, b, a]),
        ({"responsible_id": 12345}, []),
        ({"amount_from": "10.01"}, [b]),
        ({"amount_from": "10", "amount_to": "20"}, [b, a]),
        ({"created_from": at}, [c, b]),
        ({"created_to": at}, [b, a]),
        ({"created_from": at, "created_to": at}, [b]),
        ({"search": "ромашка"}, [c, b]),
        ({"search": "сидор"}, [c]),
        ({"search": "100%"}, [b]),
        ({"search": "%"}, [b]),
        ({"search": "_"}, []),
    ):
        found = [lead["id"] for lead in await listed(portal, **query)]
        assert found == [lead["id"] for lead in expected], query


@pytest.mark.parametrize(
    "search", ["+7 495 123-45-67", "8(495)1234567", "495 123", "Ivan@EXAMPLE.com", "@example.com"]
)
async def test_a_lead_is_found_by_number_and_address_however_written(
    new_portal: SignUp, search: str
) -> None:
    portal = await new_portal(locale="ru")
    lead = await created(
        portal,
        phones=[{"value": "8 (495) 123-45-67"}],
        emails=[{"value": "ivan@example.com"}],
    )
    assert [x["id"] for x in await listed(portal, search=search)] == [lead["id"]]
    await portal.client.patch(f"{LEADS}/{lead['id']}", json={"phones": [], "emails": []})
    assert await listed(portal, search=search) == []


@pytest.mark.parametrize(
    "query",
    [
        {"created_from": "2026-01-01"},
        {"created_from": "2026-01-01T00:00:00"},
        {"amount_from": "x"},
        {"order": "nonsense"},
        {"limit": 0},
        {"limit": 201},
        {"search": ""},
    ],
)
async def test_a_wrong_question_is_refused(acme: TestPortal, query: dict[str, Any]) -> None:
    assert (await acme.client.get(LEADS, params=query)).status_code == 422


@pytest.mark.feature("PLAN-04")
@pytest.mark.parametrize(
    ("locale", "name", "currency"),
    [
        ("ru", "Звонок", "RUB"),
        ("uk", "Дзвінок", "UAH"),
        ("de", "Anruf", "EUR"),
        ("en", "Call", "USD"),
    ],
)
async def test_the_lists_of_a_new_portal_are_in_its_language(
    new_portal: SignUp, locale: str, name: str, currency: str
) -> None:
    portal = await new_portal(locale=locale)
    answer = await portal.client.get("/api/v1/crm/statuses", params={"kind": "lead_source"})
    sources = answer.json()["items"]
    assert (sources[0]["code"], sources[0]["name"]) == ("CALL", name)
    assert len(sources) == 9
    both = (await portal.client.get("/api/v1/crm/statuses")).json()["items"]
    assert [e["code"] for e in both if e["kind"] == "lead_status"] == [
        *("NEW", "IN_PROCESS", "PROCESSED", "JUNK", "CONVERTED")
    ]
    assert (await created(portal))["currency"] == currency


async def add_contact(portal: TestPortal, **fields: Any) -> httpx.Response:
    return await portal.client.post("/api/v1/crm/contacts", json=fields)


@pytest.mark.feature("CRM-10")
async def test_a_contact_is_added_by_hand_and_duplicates_are_warned_of(new_portal: SignUp) -> None:
    portal = await new_portal(locale="ru")
    lead = await created(portal, title="Заявка", phones=[{"value": "8 (495) 123-45-67"}])
    first = await add_contact(
        portal,
        first_name="Анна",
        last_name="Кац",
        phones=[{"value": "+7 (495) 123-45-67"}],
        emails=[{"value": "Anna@example.com"}],
    )
    assert (first.status_code, first.json()["duplicates"]) == (
        201,
        [{"kind": "lead", "id": lead["id"], "title": "Заявка"}],
    )
    kept = (await portal.client.get(first.headers["location"])).json()
    assert kept == {k: v for k, v in first.json().items() if k != "duplicates"}
    second = await add_contact(portal, company_title="ООО", emails=[{"value": "anna@EXAMPLE.com"}])
    assert (second.status_code, second.json()["duplicates"]) == (
        201,
        [{"kind": "contact", "id": kept["id"], "title": "Анна Кац"}],
    )
    third = await add_contact(portal, first_name="Пётр", phones=[{"value": "8 495 765 43 21"}])
    assert third.json()["duplicates"] == []


@pytest.mark.feature("CRM-10")
async def test_duplicates_can_be_asked_for(new_portal: SignUp) -> None:
    portal = await new_portal(locale="ru")
    lead = await created(portal, phones=[{"value": "84951234567"}])
    contact = (
        await add_contact(portal, last_name="Кац", emails=[{"value": "k@example.com"}])
    ).json()
    query = {"phone": "+7 495 1234567", "email": "K@Example.com"}
    answer = await portal.client.get("/api/v1/crm/duplicates", params=query)
    assert answer.json()["items"] == [
        {"kind": "contact", "id": contact["id"], "title": "Кац"},
        {"kind": "lead", "id": lead["id"], "title": "Заявка"},
    ]
    await portal.client.delete(f"{LEADS}/{lead['id']}")
    answer = await portal.client.get("/api/v1/crm/duplicates", params={"phone": "84951234567"})
    assert answer.json()["items"] == []
    nothing = await portal.client.get("/api/v1/crm/duplicates")
    assert (nothing.status_code, nothing.json()["code"]) == (422, "duplicates-of-nothing")


async def test_a_contact_needs_a_name_and_contacts_are_listed(new_portal: SignUp) -> None:
    portal = await new_portal()
    nameless = await add_contact(portal, phones=[{"value": "12345"}])
    assert (nameless.status_code, nameless.json()["code"]) == (422, "contact-nameless")
    ids = [(await add_contact(portal, last_name=f"n{n}")).json()["id"] for n in range(3)]
    first = (await portal.client.get("/api/v1/crm/contacts", params={"limit": 2})).json()
    query = {"limit": 2, "cursor": first["next"]}
    rest = (await portal.client.get("/api/v1/crm/contacts", params=query)).json()
    assert [c["id"] for c in first["items"] + rest["items"]] == ids
    assert rest["next"] is None
    missing = await portal.client.get("/api/v1/crm/contacts/999999")
    assert missing.json()["code"] == "contact-not-found"
