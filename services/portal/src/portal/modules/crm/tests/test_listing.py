"""Lists of leads over HTTP: pages, orders, filters, search."""

from datetime import datetime
from typing import Any

import pytest

from testkit.portals import SignUp, TestPortal

from .calls import LEADS, created, listed


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


async def test_leads_are_found_by_where_they_come_from_and_by_the_portals_own_fields(
    new_portal: SignUp,
) -> None:
    portal = await new_portal(locale="ru")
    for code, kind, is_multiple in (("N", "integer", False), ("TEXTS", "string", True)):
        field = {"code": code, "type": kind, "is_multiple": is_multiple}
        assert (await portal.client.post("/api/v1/crm/fields", json=field)).status_code == 201
    a = await created(portal, origin_id="1", originator_id="pbx", custom={"N": 5})
    b = await created(portal, origin_id="2", originator_id="pbx", custom={"TEXTS": ["a:b", "c"]})
    c = await created(portal, origin_id="1", custom={"N": 5, "TEXTS": ["c"]})
    for query, expected in (
        ({"origin_id": "1"}, [c, a]),
        ({"origin_id": "1", "originator_id": "pbx"}, [a]),
        ({"originator_id": "pbx"}, [b, a]),
        ({"custom": "N:5"}, [c, a]),
        ({"custom": "TEXTS:a:b"}, [b]),
        ({"custom": ["TEXTS:c", "N:5"]}, [c]),
        ({"custom": "N:6"}, []),
    ):
        for limit in (1, 50):
            found = [lead["id"] for lead in await listed(portal, limit=limit, **query)]
            assert found == [lead["id"] for lead in expected], query
    for query, code in (
        ({"custom": "NOPE:5"}, "field-unknown"),
        ({"custom": "N:x"}, "field-value"),
        ({"custom": "N"}, "invalid-fields"),
    ):
        answer = await portal.client.get(LEADS, params=query)
        assert (answer.status_code, answer.json()["code"]) == (422, code)


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
