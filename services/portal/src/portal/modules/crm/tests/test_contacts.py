"""Lists of a portal, contacts and duplicates over HTTP."""

from typing import Any

import httpx
import pytest

from testkit.portals import SignUp, TestPortal

from .calls import LEADS, created


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
    assert len(sources) == 12
    both = (await portal.client.get("/api/v1/crm/statuses")).json()["items"]
    assert [e["code"] for e in both if e["kind"] == "lead_status"] == [
        *("NEW", "IN_PROCESS", "PROCESSED", "CONVERTED", "JUNK")
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
