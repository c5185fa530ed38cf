"""crm.lead.list over HTTP: every comparison over real rows, order, pages, on the running cluster."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from testkit.portals import SignUp, TestPortal

from .contract import documented, mismatches
from .hooks import Hook, hook

LEADS = documented("crm.lead")
SQL = "1' OR '1'='1'; DROP TABLE crm_leads; --"
HUGE = "9" * 40
EXAMPLE_FIELDS = ("UF_CRM_1704817278", "UF_CRM_1706782596092", "UF_CRM_1708952993785")
# (TITLE, STATUS_ID, OPPORTUNITY, NAME, BIRTHDATE, phone, e-mail) of the leads that lists are asked about
KNOWN: tuple[tuple[str, str, str | None, str, str, str, str], ...] = (
    ("Первый", "NEW", "100", "Анна", "1990-05-12", "+7 999 111-11-11", "anna@example.com"),
    ("второй 100%", "IN_PROCESS", "250.50", "Борис", "", "8 (999) 222-22-22", ""),
    ("Third_one", "JUNK", None, "", "1985-01-31", "", "Third@Example.com"),
    ("Четвёртый", "CONVERTED", "1000", "Вера", "", "", ""),
    ("ПЯТЫЙ", "NEW", "0", "Анна", "2001-11-11", "+7 999 111-11-11", ""),
)


@dataclass(frozen=True, slots=True)
class Leads:
    """A portal whose leads are ``KNOWN``, and a webhook of its administrator."""

    portal: TestPortal
    all: Hook
    ids: tuple[int, ...]

    async def found(self, **filter_: Any) -> list[int]:
        """Return which of the known leads pass a filter, as places in ``KNOWN``."""
        rows = await self.all.result("crm.lead.list", filter=filter_, select=["ID"])
        return [self.ids.index(int(row["ID"])) for row in rows]


@pytest.fixture(scope="module")
async def leads(new_portal: SignUp) -> AsyncIterator[Leads]:
    portal = await new_portal(locale="ru", region="ru")
    async with hook(portal, "crm") as all_:
        ids = []
        for title, status, amount, name, birth_date, phone, email in KNOWN:
            fields: dict[str, Any] = {"TITLE": title, "STATUS_ID": status, "NAME": name}
            fields |= {"OPPORTUNITY": amount, "BIRTHDATE": birth_date}
            fields["PHONE"] = [{"VALUE": phone, "VALUE_TYPE": "MOBILE"}] if phone else []
            fields["EMAIL"] = [{"VALUE": email}] if email else []
            ids.append(await all_.result("crm.lead.add", fields=fields))
        yield Leads(portal, all_, tuple(ids))


@pytest.mark.parametrize(
    ("wanted", "places"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"STATUS_ID": "NEW"}, [0, 4]),
        ({"=STATUS_ID": "NEW"}, [0, 4]),
        ({"!STATUS_ID": "NEW"}, [1, 2, 3]),
        ({"!=STATUS_ID": "NEW"}, [1, 2, 3]),
        ({"STATUS_ID": ["JUNK", "CONVERTED"]}, [2, 3]),
        ({"@STATUS_ID": ["JUNK", "CONVERTED"]}, [2, 3]),
        ({"!@STATUS_ID": ["JUNK", "CONVERTED"]}, [0, 1, 4]),
        ({"!STATUS_ID": ["JUNK", "CONVERTED"]}, [0, 1, 4]),
        ({"STATUS_SEMANTIC_ID": "P"}, [0, 1, 4]),
        ({"@STATUS_SEMANTIC_ID": ["S", "F"]}, [2, 3]),
        ({"!STATUS_SEMANTIC_ID": "F"}, [0, 1, 3, 4]),
        ({"=OPPORTUNITY": 250.5}, [1]),
        ({">OPPORTUNITY": "100"}, [1, 3]),
        ({">=OPPORTUNITY": 100, "<OPPORTUNITY": 1000}, [0, 1]),
        ({"<=OPPORTUNITY": 100, ">OPPORTUNITY": 0}, [0]),
        ({"NAME": "Анна"}, [0, 4]),
        ({"NAME": "анна"}, [0, 4]),
        ({"NAME": ""}, [2]),
        ({"!NAME": ""}, [0, 1, 3, 4]),
        ({"!NAME": "Анна"}, [1, 2, 3]),
        ({"%TITLE": "Й"}, [0, 1, 3, 4]),
        ({"%TITLE": "100%"}, [1]),
        ({"%TITLE": "%"}, [1]),
        ({"%TITLE": "_"}, [2]),
        ({"!%TITLE": "й"}, [2]),
        ({"=%TITLE": "п%й"}, [0, 4]),
        ({"%=TITLE": "%one"}, [2]),
        ({"!=%TITLE": "%й"}, [1, 2]),
        ({"!%=TITLE": "%й"}, [1, 2]),
        ({"BIRTHDATE": "1990-05-12"}, [0]),
        ({">BIRTHDATE": "1990-05-12T00:00:00+00:00"}, [4]),
        ({"<=BIRTHDATE": "12.05.1990"}, [0, 2]),
        ({"PHONE": "89991111111"}, [0, 4]),
        ({"PHONE": ["+7 999 111 11 11", "+79992222222"]}, [0, 1, 4]),
        ({"!PHONE": "89991111111"}, [1, 2, 3]),
        ({"%PHONE": "999222"}, [1]),
        ({"EMAIL": "ANNA@example.com"}, [0]),
        ({"%EMAIL": "example.com"}, [0, 2]),
        ({"HAS_PHONE": "Y"}, [0, 1, 4]),
        ({"HAS_EMAIL": "N"}, [1, 3, 4]),
        ({"HAS_IMOL": "N"}, [0, 1, 2, 3, 4]),
        ({"COMPANY_ID": 7}, []),
        ({"CONTACT_ID": ""}, [0, 1, 2, 3, 4]),
        ({"OPENED": "Y"}, [0, 1, 2, 3, 4]),
        ({"OPENED": "N"}, []),
        ({"NOPE": "x"}, [0, 1, 2, 3, 4]),
        ({">ID": ""}, []),
        ({">ID": "$result[x][49][ID]"[:0]}, []),
        ({"TITLE": SQL}, []),
        ({"%TITLE": SQL}, []),
        ({"STATUS_ID": "NEW", "NAME": "Анна", "PHONE": "89991111111"}, [0, 4]),
    ],
)
async def test_every_comparison_finds_what_it_asks_for(
    leads: Leads, wanted: dict[str, Any], places: list[int]
) -> None:
    assert await leads.found(**wanted) == places


async def test_leads_are_found_by_id_and_by_people(leads: Leads) -> None:
    assert await leads.found(ID=leads.ids[2]) == [2]
    assert await leads.found(**{">ID": str(leads.ids[2])}) == [3, 4]
    assert await leads.found(**{"@ID": [leads.ids[0], leads.ids[4], 10**15]}) == [0, 4]
    user = leads.portal.user_id
    assert await leads.found(ASSIGNED_BY_ID=user, CREATED_BY_ID=user) == [0, 1, 2, 3, 4]
    assert await leads.found(**{">ASSIGNED_BY_ID": 0}) == [0, 1, 2, 3, 4]
    assert await leads.found(**{"!ASSIGNED_BY_ID": user}) == []


async def test_leads_are_found_by_when_they_were_made(leads: Leads) -> None:
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    since, until = (now - hour).isoformat(), (now + hour).isoformat()
    everything = [0, 1, 2, 3, 4]
    assert await leads.found(**{">DATE_CREATE": since, "<DATE_CREATE": until}) == everything
    moscow = (now - hour + 3 * hour).strftime("%Y-%m-%dT%H:%M:%S+03:00")
    assert await leads.found(**{">=DATE_CREATE": moscow}) == everything
    assert await leads.found(**{">DATE_CREATE": until}) == []
    assert await leads.found(**{"<DATE_MODIFY": since}) == []
    assert await leads.found(DATE_CLOSED="") == [0, 1, 4]


@pytest.mark.parametrize(
    ("order", "places"),
    [
        ({"ID": "DESC"}, [4, 3, 2, 1, 0]),
        ({"OPPORTUNITY": "desc"}, [3, 1, 0, 4, 2]),
        ({"NAME": "ASC", "ID": "DESC"}, [2, 4, 0, 1, 3]),
        ({"STATUS_ID": "ASC"}, [3, 1, 2, 0, 4]),
        ({"BIRTHDATE": "DESC", "ID": "ASC"}, [4, 0, 2, 1, 3]),
        ({"NOPE": "ASC"}, [0, 1, 2, 3, 4]),
        ({SQL: SQL}, [0, 1, 2, 3, 4]),
    ],
)
async def test_lists_are_sorted(leads: Leads, order: dict[str, str], places: list[int]) -> None:
    rows = await leads.all.result("crm.lead.list", order=order, select=["ID"])
    assert [leads.ids.index(int(row["ID"])) for row in rows] == places


async def test_every_field_that_is_shown_can_be_filtered_and_sorted_by(leads: Leads) -> None:
    rows = await leads.all.result("crm.lead.list", select=["*"], filter={"ID": leads.ids[0]})
    several = {"PHONE", "EMAIL", "WEB", "IM", "LINK", "CONTACT_IDS"}
    for name, value in {**rows[0], **dict.fromkeys(several, "x")}.items():
        for mark in ("", "!", ">", "<=", "@", "!@", "%", "!%", "=%", "!=%"):
            asked = {f"{mark}{name}": [value] if "@" in mark else value}
            answer = await leads.all.ask("crm.lead.list", filter=asked, order={name: "DESC"})
            assert answer.status_code in {200, 400}, (asked, answer.text)
            assert answer.status_code == 200 or name in answer.json()["error_description"]


async def test_a_list_has_the_documented_shape(leads: Leads) -> None:
    body = await leads.all.body("crm.lead.list", select=["*", "UF_*"])
    for row in body["result"]:
        row["DATE_CLOSED"] = row["DATE_CLOSED"] or None
    wanted = LEADS["crm.lead.list"]["result"]
    assert mismatches(wanted, body["result"], lacking=EXAMPLE_FIELDS) == []
    assert (body["total"], "next" in body) == (5, False)


async def test_only_what_is_selected_is_shown(leads: Leads) -> None:
    rows = await leads.all.result("crm.lead.list", select=["TITLE", "phone", "NOPE", SQL])
    assert rows[0].keys() == {"ID", "TITLE", "PHONE"}
    assert rows[3].keys() == {"ID", "TITLE"}
    assert "PHONE" not in (await leads.all.result("crm.lead.list", select=["*"]))[0]
    assert "STATUS_ID" in (await leads.all.result("crm.lead.list", select=[]))[0]


async def test_pages_are_of_fifty(new_portal: SignUp) -> None:
    portal = await new_portal(locale="ru")
    async with hook(portal, "crm") as crm:
        empty = await crm.body("crm.lead.list")
        assert (empty["result"], empty["total"], "next" in empty) == ([], 0, False)
        for first in range(0, 120, 40):
            commands = {
                f"c{n}": f"crm.lead.add?fields[TITLE]=N{n}" for n in range(first, first + 40)
            }
            await crm.result("batch", cmd=commands, halt=1)
        pages = [await crm.body("crm.lead.list", start=n, select=["ID"]) for n in (0, 50, 100, 150)]
        assert [len(page["result"]) for page in pages] == [50, 50, 20, 0]
        assert [page.get("next") for page in pages] == [50, 100, None, None]
        assert {page["total"] for page in pages} == {120}
        ids = [int(row["ID"]) for page in pages for row in page["result"]]
        assert ids == sorted(set(ids))
        behind: list[int] = []
        while True:
            last = behind[-1] if behind else 0
            asked = {"filter": {">ID": last}, "order": {"ID": "ASC"}, "start": -1}
            page = await crm.body("crm.lead.list", **asked)
            assert "total" not in page
            assert "next" not in page
            behind += [int(row["ID"]) for row in page["result"]]
            if len(page["result"]) < 50:
                break
        assert behind == ids
        odd = await crm.body("crm.lead.list", start=1, select=["ID"])
        assert (int(odd["result"][0]["ID"]), odd["next"], odd["total"]) == (ids[1], 51, 120)
        far = await crm.body("crm.lead.list", start=10**12)
        assert (far["result"], far["total"]) == ([], 120)


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ({"ID": "abc"}, "ID"),
        ({">ID": SQL}, "ID"),
        ({"<OPPORTUNITY": "x"}, "OPPORTUNITY"),
        ({">DATE_CREATE": SQL}, "DATE_CREATE"),
        ({"ASSIGNED_BY_ID": HUGE}, "ASSIGNED_BY_ID"),
    ],
)
async def test_a_filter_that_is_no_value_is_refused_by_name(
    leads: Leads, wanted: dict[str, Any], name: str
) -> None:
    refused = await leads.all.error("crm.lead.list", filter=wanted)
    assert refused == (400, "", f"Invalid value of field {name}.")


async def test_a_filter_of_too_many_values_is_refused(leads: Leads) -> None:
    status, code, _ = await leads.all.error("crm.lead.list", filter={"@ID": list(range(1, 1_100))})
    assert (status, code) == (400, "")
