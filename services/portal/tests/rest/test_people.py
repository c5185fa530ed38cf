"""user.get, user.search, user.current and user.fields over HTTP, on the running cluster."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from testkit.portals import PASSWORD, SignUp, TestPortal

from .contract import documented, mismatches
from .hooks import Hook, hook

USER = documented("user")
CORE = documented("core")
SQL = "1' OR '1'='1'; DROP TABLE users; --"
COMPARED = (
    *("ID", "ACTIVE", "NAME", "EMAIL", "UF_PHONE_INNER", "UF_DEPARTMENT", "PERSONAL_BIRTHDAY"),
    *("LAST_LOGIN", "PERSONAL_CITY", "USER_TYPE", "FIND", "UF_DEPARTMENT_NAME", "IS_ONLINE"),
    *("PERSONAL_GENDER", "XML_ID"),
)
PEOPLE: tuple[dict[str, Any], ...] = (
    {
        "first_name": "Иван",
        "last_name": "Сидоров",
        "middle_name": "Петрович",
        "position": "Кладовщик",
        "extension": "101",
        "city": "Омск",
        "gender": "male",
        "birthday": "1980-07-14",
    },
    {"first_name": "Иванна", "last_name": "Петренко", "extension": "102", "city": "Київ"},
    {
        "first_name": "Jürgen",
        "last_name": "Müller",
        "position": "Leiter — начальник смены 7",
        "city": "Köln",
    },
)


@dataclass(frozen=True, slots=True)
class Staff:
    """A portal with people and a department, and a webhook of its administrator."""

    portal: TestPortal
    ids: tuple[int, ...]
    department: int
    all: Hook

    def names(self, found: list[dict[str, Any]]) -> list[str]:
        """Return first names of people, by their ids."""
        return [u["NAME"] for u in sorted(found, key=lambda u: int(u["ID"])) if u["NAME"]]


async def added(portal: TestPortal, **known: Any) -> int:
    email = f"U{secrets.token_hex(5)}@{portal.label}.example"
    body = {"email": email, "password": PASSWORD}
    user: int = (await portal.client.post("/api/v1/users", json=body)).json()["id"]
    answer = await portal.client.patch(f"/api/v1/users/{user}", json=known)
    assert answer.status_code == 200, answer.text
    return user


@pytest.fixture(scope="module")
async def staff(new_portal: SignUp) -> AsyncIterator[Staff]:
    portal = await new_portal(locale="ru")
    made = await portal.client.post("/api/v1/departments", json={"name": "Склад № 5"})
    department = made.json()["id"]
    standing: tuple[list[int], ...] = ([department], [department], [])
    ids = [
        await added(portal, **known, department_ids=departments)
        for known, departments in zip(PEOPLE, standing, strict=True)
    ]
    await portal.client.post(f"/api/v1/users/{ids[2]}/dismissal")
    async with hook(portal, "user", "department") as all_:
        yield Staff(portal, tuple(ids), department, all_)


@pytest.mark.parametrize("method", ["user.get", "user.search"])
async def test_a_list_of_people_has_the_documented_shape(staff: Staff, method: str) -> None:
    body = await staff.all.body(method)
    assert mismatches(USER[method]["result"], body["result"]) == []
    assert (body["total"], len(body["result"])) == (4, 4)
    assert "next" not in body


async def test_the_current_person_has_the_documented_shape(staff: Staff) -> None:
    found = await staff.all.result("user.current")
    assert mismatches(USER["user.current"]["result"], found) == []
    assert found["ID"] == str(staff.portal.user_id)
    assert found["EMAIL"] == staff.portal.email


async def test_a_person_is_shown_as_documented(staff: Staff) -> None:
    (found,) = await staff.all.result("user.get", ID=staff.ids[0])
    created = (await staff.portal.client.get(f"/api/v1/users/{staff.ids[0]}")).json()
    shown = {
        "ID": str(staff.ids[0]),
        "ACTIVE": True,
        "NAME": "Иван",
        "LAST_NAME": "Сидоров",
        "SECOND_NAME": "Петрович",
        "EMAIL": created["email"],
        "LAST_LOGIN": "",
        "PERSONAL_GENDER": "M",
        "PERSONAL_BIRTHDAY": "1980-07-14T00:00:00+00:00",
        "PERSONAL_CITY": "Омск",
        "WORK_POSITION": "Кладовщик",
        "UF_EMPLOYMENT_DATE": "",
        "UF_DEPARTMENT": [staff.department],
        "UF_PHONE_INNER": "101",
        "USER_TYPE": "employee",
        "XML_ID": "",
        "IS_ONLINE": "N",
    }
    assert {name: found[name] for name in shown} == shown


@pytest.mark.parametrize(
    ("filter_", "names"),
    [
        ({"UF_PHONE_INNER": "101"}, ["Иван"]),
        ({"UF_PHONE_INNER": 101}, ["Иван"]),
        ({"UF_PHONE_INNER": ["101", "102"]}, ["Иван", "Иванна"]),
        ({"@UF_PHONE_INNER": ["102"]}, ["Иванна"]),
        ({"!UF_PHONE_INNER": ""}, ["Иван", "Иванна"]),
        ({"!@UF_PHONE_INNER": ["101"], "!NAME": ""}, ["Иванна", "Jürgen"]),
        ({"NAME": "Иван"}, ["Иван"]),
        ({"=NAME": "иван"}, ["Иван"]),
        ({"NAME": "Ива%"}, ["Иван", "Иванна"]),
        ({"%NAME": "ванн"}, ["Иванна"]),
        ({"=%NAME": "%нна"}, ["Иванна"]),
        ({"%=NAME": "Ив%"}, ["Иван", "Иванна"]),
        ({"!%LAST_NAME": "ов", "!NAME": ""}, ["Иванна", "Jürgen"]),
        ({"!=%LAST_NAME": "П%", "!NAME": ""}, ["Иван", "Jürgen"]),
        ({"@PERSONAL_CITY": ["Омск", "Köln"]}, ["Иван", "Jürgen"]),
        ({"PERSONAL_GENDER": "M"}, ["Иван"]),
        ({">=PERSONAL_BIRTHDAY": "1980-01-01"}, ["Иван"]),
        ({"<PERSONAL_BIRTHDAY": "01.01.1980"}, []),
        ({"ACTIVE": True, "!NAME": ""}, ["Иван", "Иванна"]),
        ({"ACTIVE": "N"}, ["Jürgen"]),
        ({"ACTIVE": "false"}, ["Jürgen"]),
        ({"USER_TYPE": "employee", "!NAME": ""}, ["Иван", "Иванна", "Jürgen"]),
        ({"USER_TYPE": "extranet"}, []),
        ({"IS_ONLINE": "Y"}, []),
        ({"NAME_SEARCH": "петро"}, ["Иван"]),
        ({"NAME_SEARCH": "петр"}, ["Иван", "Иванна"]),
        ({">ID": ""}, []),
        ({"ID": []}, []),
        ({"ID": 999_999_999}, []),
        ({"LAST_NAME": "100%"}, []),
        ({"NO_SUCH_FIELD": "x", "UF_PHONE_INNER": "102"}, ["Иванна"]),
        ({"UF_DEPARTMENT": 999_999_999}, []),
    ],
    ids=str,
)
async def test_people_are_filtered_as_documented(
    staff: Staff, filter_: dict[str, Any], names: list[str]
) -> None:
    for parameters in ({"FILTER": filter_}, {"filter": filter_}, filter_):
        body = await staff.all.body("user.get", **parameters)
        assert (staff.names(body["result"]), body["total"]) == (names, len(names))


async def test_people_of_a_department_are_found(staff: Staff) -> None:
    for value in (staff.department, [staff.department], str(staff.department)):
        found = await staff.all.result("user.get", FILTER={"UF_DEPARTMENT": value})
        assert staff.names(found) == ["Иван", "Иванна"]
    elsewhere = await staff.all.result("user.get", FILTER={"!UF_DEPARTMENT": staff.department})
    assert {u["ID"] for u in elsewhere} == {str(staff.portal.user_id), str(staff.ids[2])}


async def test_an_address_is_found_in_any_letter_case(staff: Staff) -> None:
    (found,) = await staff.all.result("user.get", EMAIL=staff.portal.email.upper())
    assert found["ID"] == str(staff.portal.user_id)


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({"FILTER": {"FIND": "ив"}}, ["Иван", "Иванна"]),
        ({"FIND": "иван сид"}, ["Иван"]),
        ({"FILTER": {"FIND": "склад"}}, ["Иван", "Иванна"]),
        ({"FILTER": {"FIND": "leit"}}, ["Jürgen"]),
        ({"FILTER": {"FIND": "van"}}, []),
        ({"FIND": "смены"}, ["Jürgen"]),
        ({"FIND": "7 нача"}, ["Jürgen"]),
        ({"FIND": "мены"}, []),
        ({"FILTER": {"NAME": "Ива"}}, ["Иван", "Иванна"]),
        ({"NAME": "ванн"}, []),
        ({"LAST_NAME": "Пет"}, ["Иванна"]),
        ({"FILTER": {"SECOND_NAME": "петр"}}, ["Иван"]),
        ({"FILTER": {"WORK_POSITION": "клад"}}, ["Иван"]),
        ({"FILTER": {"UF_DEPARTMENT_NAME": "Склад"}}, ["Иван", "Иванна"]),
        ({"FILTER": {"NAME": "Ив", "UF_PHONE_INNER": "102"}}, ["Иванна"]),
        ({"FILTER": {"FIND": "_ван"}}, []),
        ({"FILTER": {"FIND": "x" * 100_000}}, []),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_people_are_searched_by_the_beginning(
    staff: Staff, parameters: dict[str, Any], names: list[str]
) -> None:
    assert staff.names(await staff.all.result("user.search", **parameters)) == names


async def test_people_are_sorted_as_asked(staff: Staff) -> None:
    only = {"FILTER": {"!NAME": ""}}
    for order in (
        {"sort": "LAST_NAME", "order": "desc"},
        {"SORT": "LAST_NAME", "ORDER": "DESC"},
        {"order": {"LAST_NAME": "DESC"}},
    ):
        found = await staff.all.result("user.get", **only, **order)
        assert [u["LAST_NAME"] for u in found] == ["Сидоров", "Петренко", "Müller"]
    found = await staff.all.result("user.get", sort="no; such", order="'; --")
    ids = [int(u["ID"]) for u in found]
    assert ids == sorted(ids)


async def test_what_is_selected_is_shown(staff: Staff) -> None:
    found = await staff.all.result("user.get", select=["ID", "NAME", "NO_SUCH"], sort="ID")
    assert {frozenset(u) for u in found} == {frozenset({"ID", "NAME"})}
    (own,) = await staff.all.result("user.get", ID=staff.ids[0], select=["UF_*"])
    assert "UF_PHONE_INNER" in own
    assert "NAME" not in own


async def test_a_page_behind_the_last_is_empty_and_counted(staff: Staff) -> None:
    assert (await staff.all.body("user.get", start=50))["total"] == 4
    body = await staff.all.body("user.get", start=-1)
    assert len(body["result"]) == 4
    behind = await staff.all.result(
        "user.get", filter={">ID": staff.ids[0]}, order={"ID": "ASC"}, start=-1, select=["ID"]
    )
    assert behind == [{"ID": str(user)} for user in staff.ids[1:]]


async def test_a_narrow_scope_shows_less_and_does_not_answer_by_what_it_hides(
    staff: Staff,
) -> None:
    async with hook(staff.portal, "user_brief") as brief:
        found = await brief.result("user.get", EMAIL=staff.portal.email)
        assert len(found) == 4, "a filter on what one must not see is no filter"
        assert all("EMAIL" not in u and "PERSONAL_MOBILE" not in u for u in found)
        assert await brief.result("user.get", UF_PHONE_INNER="101", select=["EMAIL", "ID"]) == [
            {"ID": str(staff.ids[0])}
        ]
        assert "EMAIL" not in await brief.result("user.current")
        assert "EMAIL" not in await brief.result("user.fields")
    async with hook(staff.portal, "user_basic") as basic:
        fields = await basic.result("user.fields")
        assert "EMAIL" in fields
        assert "LAST_LOGIN" not in fields
    async with hook(staff.portal, "crm") as foreign:
        assert (await foreign.error("user.get"))[:2] == (403, "insufficient_scope")


async def test_fields_are_named_in_the_language_of_the_portal(staff: Staff) -> None:
    fields = await staff.all.result("user.fields")
    assert mismatches(USER["user.fields"]["result"], fields) == []
    assert fields["UF_PHONE_INNER"] == "Внутренний телефон"


async def test_the_profile_has_the_documented_shape_with_any_scope(staff: Staff) -> None:
    async with hook(staff.portal, "crm", user_id=staff.ids[0]) as his:
        found = await his.result("profile")
        assert mismatches(CORE["profile"]["result"], found) == []
        assert (found["ID"], found["ADMIN"], found["PERSONAL_GENDER"]) == (
            str(staff.ids[0]),
            False,
            "M",
        )
        assert await his.result("user.admin") is False
    assert await staff.all.result("user.admin") is True
    assert (await staff.all.result("profile"))["ADMIN"] is True


@pytest.mark.parametrize("prefix", ["", "!", ">", "<=", "@", "!@", "%", "!%", "=%", "!=%"])
@pytest.mark.parametrize("method", ["user.get", "user.search"])
async def test_sql_in_a_filter_is_only_a_value(staff: Staff, method: str, prefix: str) -> None:
    asked = [(name, value) for name in COMPARED for value in (SQL, "7", "2026-01-01")]
    queries = [urlencode({f"filter[{prefix}{n}]": v, "select[]": "ID"}) for n, v in asked]
    cmd = {f"c{number}": f"{method}?{query}" for number, query in enumerate(queries)}
    answer = await staff.all.result("batch", cmd=cmd, halt=0)
    refused = {error["error"] for error in dict(answer["result_error"] or {}).values()}
    assert refused <= {""}, "a value that is none of the field's kind"
    assert len(answer["result"]) + len(answer["result_error"]) == len(cmd)
    assert (await staff.all.body("user.get"))["total"] == 4


@pytest.mark.parametrize("name", ["ID", "NAME", "ACTIVE", "UF_DEPARTMENT", "FIND"])
async def test_a_filter_takes_any_json(staff: Staff, name: str) -> None:
    for value in (7, 7.5, True, None, {"a": SQL}, [SQL, "%_\\"], [[1]], {}, 10**30):
        for key in (name, f"%{name}", f"!@{name}"):
            answer = await staff.all.ask("user.search", filter={key: value})
            assert answer.status_code in {200, 400}, (key, value, answer.text)


@pytest.mark.parametrize(
    "parameters",
    [
        {"filter": "x"},
        {"filter": {"ID": {"a": {"b": "c"}}}},
        {"filter": {"ID": list(range(2000))}},
        {"filter": {f"{p}ID": 1 for p in ("=", "!", ">", "<", ">=", "<=", "@", "%")}},
        {"filter": {"NAME": "x" * 1_000_000}},
        {"select": "ID"},
        {"select": [{"a": 1}]},
        {"sort": ["ID"], "order": 5},
        {"order": [1]},
        {"start": "x"},
        {"start": 2**62},
        {"start": -7},
    ],
    ids=lambda value: str(value)[:50],
)
async def test_odd_parameters_are_answered_or_refused(
    staff: Staff, parameters: dict[str, Any]
) -> None:
    for method in ("user.get", "user.search"):
        assert (await staff.all.ask(method, **parameters)).status_code in {200, 400}


async def test_ids_of_another_portal_mean_nobody(staff: Staff, beta: TestPortal) -> None:
    if beta.user_id != staff.portal.user_id and beta.user_id not in staff.ids:
        assert await staff.all.result("user.get", ID=beta.user_id) == []
        assert await staff.all.result("access.name", ACCESS=[f"U{beta.user_id}"]) == []
