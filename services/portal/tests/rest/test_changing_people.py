"""user.add and user.update over HTTP, on the running cluster."""

import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest

from testkit.mails import Mails
from testkit.portals import PASSWORD, SignUp, TestPortal

from .hooks import Hook, hook

DENIED = (400, "ERROR_CORE", "access_denied")
WRITTEN: dict[str, Any] = {
    "NAME": "Жанна",
    "LAST_NAME": "Д'Арк",
    "SECOND_NAME": "Жаковна",
    "PERSONAL_GENDER": "F",
    "PERSONAL_BIRTHDAY": "06.01.1912",
    "PERSONAL_MOBILE": "+33 6 12 34 56 78",
    "WORK_PHONE": "+33 1 23 45 67 89",
    "WORK_POSITION": "Капитан",
    "UF_PHONE_INNER": "1431",
    "UF_EMPLOYMENT_DATE": "2020-05-30T00:00:00+03:00",
    "PERSONAL_CITY": "Орлеан",
}
SHOWN = {
    **WRITTEN,
    "PERSONAL_BIRTHDAY": "1912-01-06T00:00:00+00:00",
    "UF_EMPLOYMENT_DATE": "2020-05-30T00:00:00+00:00",
}
TEXTS = (
    *("NAME", "LAST_NAME", "SECOND_NAME", "PERSONAL_PROFESSION", "PERSONAL_WWW", "PERSONAL_CITY"),
    *("PERSONAL_PHONE", "WORK_POSITION", "PERSONAL_NOTES", "UF_SKILLS"),
)
SQL = "x' OR 1=1; DROP TABLE users; --"


@pytest.fixture(scope="module")
async def portal(new_portal: SignUp) -> TestPortal:
    return await new_portal(locale="ru")


@pytest.fixture(scope="module")
async def admin(portal: TestPortal) -> AsyncIterator[Hook]:
    async with hook(portal, "user", "department") as made:
        yield made


@pytest.fixture(scope="module")
async def department(admin: Hook) -> int:
    (root, *_) = await admin.result("department.get", sort="ID")
    return int(root["ID"])


def new_email(portal: TestPortal) -> str:
    return f"U{secrets.token_hex(5)}@{portal.label}.example"


async def one(hook_: Hook, user: int) -> dict[str, Any]:
    (found,) = await hook_.result("user.get", ID=user)
    assert isinstance(found, dict)
    return found


async def added(portal: TestPortal) -> int:
    body = {"email": new_email(portal), "password": PASSWORD}
    answer = await portal.client.post("/api/v1/users", json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def test_adding_somebody_invites_him_by_mail(
    portal: TestPortal, admin: Hook, department: int, mails: Mails
) -> None:
    email = new_email(portal)
    user = await admin.result("user.add", EMAIL=email, UF_DEPARTMENT=[department], **WRITTEN)
    assert type(user) is int
    assert (await mails.one_to(email.lower())).link
    found = await one(admin, user)
    assert {name: found[name] for name in SHOWN} == SHOWN
    assert (found["EMAIL"], found["ACTIVE"]) == (email.lower(), True)
    assert found["UF_DEPARTMENT"] == [department]
    native = (await portal.client.get(f"/api/v1/users/{user}")).json()
    assert (native["state"], native["extension"]) == ("invited", "1431")
    again = await admin.error("user.add", EMAIL=email.upper(), UF_DEPARTMENT=department)
    assert again == (400, "ERROR_ARGUMENT", "A user with this email already exists")


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({}, "wrong_email"),
        ({"EMAIL": "", "UF_DEPARTMENT": 1}, "wrong_email"),
        ({"EMAIL": "nobody", "UF_DEPARTMENT": 1}, "wrong_email"),
        ({"EMAIL": SQL, "UF_DEPARTMENT": 1}, "wrong_email"),
        ({"EMAIL": "a@b.example"}, "no_extranet_field"),
        ({"EMAIL": "a@b.example", "UF_DEPARTMENT": []}, "no_extranet_field"),
    ],
    ids=str,
)
async def test_who_cannot_be_added_is_refused_as_documented(
    admin: Hook, parameters: dict[str, Any], text: str
) -> None:
    assert await admin.error("user.add", **parameters) == (400, "ERROR_ARGUMENT", text)


async def test_somebody_from_outside_cannot_be_added_yet_and_is_told_so(admin: Hook) -> None:
    status, code, text = await admin.error(
        "user.add", EMAIL="a@b.example", EXTRANET="Y", SONET_GROUP_ID=[1]
    )
    assert (status, code) == (400, "ERROR_ARGUMENT")
    assert "Extranet" in text


async def test_a_department_that_is_not_there_is_refused_and_nobody_added(
    portal: TestPortal, admin: Hook
) -> None:
    email = new_email(portal)
    status, _, text = await admin.error("user.add", EMAIL=email, UF_DEPARTMENT=[999_999_999])
    assert (status, "999999999" in text) == (400, True)
    assert await admin.result("user.get", EMAIL=email) == []


async def test_an_administrator_changes_what_is_known(
    portal: TestPortal, admin: Hook, department: int
) -> None:
    user = await added(portal)
    assert await admin.result("user.update", ID=user, UF_DEPARTMENT=[department], **WRITTEN) is True
    found = await one(admin, user)
    assert {name: found[name] for name in SHOWN} == SHOWN
    cleared = {"PERSONAL_CITY": "", "PERSONAL_BIRTHDAY": "", "PERSONAL_GENDER": ""}
    await admin.result("user.update", ID=str(user), UF_DEPARTMENT="", **cleared)
    found = await one(admin, user)
    assert {name: found[name] for name in cleared} == cleared
    assert (found["UF_DEPARTMENT"], found["NAME"]) == ([], "Жанна")


async def test_everybody_changes_himself_and_nobody_else(portal: TestPortal, admin: Hook) -> None:
    user = await added(portal)
    async with hook(portal, "user", user_id=user) as his:
        assert await his.result("user.update", ID=user, PERSONAL_CITY="Тула") is True
        assert await his.error("user.update", ID=user, UF_PHONE_INNER="5") == DENIED
        assert await his.error("user.update", ID=user, ACTIVE="N") == DENIED
        assert await his.error("user.update", ID=portal.user_id, NAME="x") == DENIED
        assert await his.error("user.add", EMAIL="a@b.example", UF_DEPARTMENT=1) == DENIED
    assert (await one(admin, user))["PERSONAL_CITY"] == "Тула"


async def test_who_is_made_inactive_is_dismissed_and_may_come_back(
    portal: TestPortal, admin: Hook
) -> None:
    user = await added(portal)
    for active, state in ((False, "dismissed"), ("N", "dismissed"), ("Y", "active")):
        assert await admin.result("user.update", ID=user, ACTIVE=active) is True
        assert (await one(admin, user))["ACTIVE"] is (state == "active")
        native = await portal.client.get(f"/api/v1/users/{user}")
        assert native.json()["state"] == state
    assert await admin.error("user.update", ID=portal.user_id, ACTIVE="N") == DENIED


@pytest.mark.parametrize("number", [None, "", 0, -1, "x", SQL, [1], 999_999_999, 2**63])
async def test_nobody_is_changed_who_is_not_there(admin: Hook, number: Any) -> None:
    status, code, _ = await admin.error("user.update", ID=number, NAME="x")
    assert (status, code) in {(400, "ERROR_CORE"), (400, "")}


@pytest.mark.parametrize("name", TEXTS)
async def test_sql_in_a_field_is_a_text_like_any(
    portal: TestPortal, admin: Hook, name: str
) -> None:
    await admin.result("user.update", ID=portal.user_id, **{name: SQL})
    assert (await one(admin, portal.user_id))[name] == SQL


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NAME", "x" * 101),
        ("NAME", ["x"]),
        ("WORK_POSITION", "я" * 256),
        ("UF_PHONE_INNER", "10a"),
        ("UF_PHONE_INNER", "1" * 21),
        ("PERSONAL_GENDER", "X"),
        ("PERSONAL_BIRTHDAY", "yesterday"),
        ("PERSONAL_BIRTHDAY", "0001-01-01"),
        ("UF_DEPARTMENT", "x"),
        ("UF_DEPARTMENT", [1.5]),
        ("EMAIL", "nobody"),
        ("PERSONAL_CITY", "a\x00b"),
    ],
)
async def test_what_cannot_be_is_refused_and_its_field_named(
    portal: TestPortal, admin: Hook, name: str, value: Any
) -> None:
    before = await one(admin, portal.user_id)
    status, code, text = await admin.error("user.update", ID=portal.user_id, **{name: value})
    assert (status, name in text) == (400, True)
    assert code in {"", "ERROR_CORE"}
    assert await one(admin, portal.user_id) == before


async def test_several_are_changed_by_one_batch_and_a_refused_one_spoils_no_other(
    portal: TestPortal, admin: Hook
) -> None:
    users = [await added(portal) for _ in range(2)]
    cmd = {
        "a": f"user.update?ID={users[0]}&UF_PHONE_INNER=77",
        "b": f"user.update?ID={users[0]}&NAME=x&UF_PHONE_INNER=bad",
        "c": f"user.update?ID={users[1]}&UF_PHONE_INNER=77",
        "d": "user.get?FILTER[UF_PHONE_INNER]=77&select[]=ID&select[]=NAME",
    }
    result = await admin.result("batch", cmd=cmd, halt=0)
    assert (result["result"]["a"], result["result"]["c"]) == (True, True)
    assert set(result["result_error"]) == {"b"}
    assert result["result"]["d"] == [{"ID": str(u), "NAME": ""} for u in sorted(users)]


async def test_the_journal_tells_who_changed_a_person(portal: TestPortal, admin: Hook) -> None:
    user = await added(portal)
    await admin.result("user.update", ID=user, UF_PHONE_INNER="8")
    page = (await portal.client.get("/api/v1/changes", params={"limit": 1000})).json()
    told = [c for c in page["items"] if (c["entity"], c["entity_id"]) == ("user", user)]
    assert [c["verb"] for c in told] == ["created", "updated"]
    assert told[1]["actor"] == portal.user_id
