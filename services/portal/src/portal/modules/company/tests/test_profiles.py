"""What is known of people: written, read, looked for and told, on the running cluster."""

import asyncio
import json
from typing import Any

import pytest

from testkit.mails import Mails
from testkit.portals import PASSWORD, SignUp, TestPortal

from .calls import added, as_, changes_of, log_in

FREE_USERS = 12
OWN: dict[str, Any] = {
    "first_name": "Пётр",
    "last_name": "Ёлкин-Щукин",
    "middle_name": "Ильич",
    "gender": "male",
    "birthday": "1980-02-29",
    "time_zone": "Asia/Yekaterinburg",
    "personal_mobile": "+7 912 345-67-89",
    "work_phone": "+7 343 222-22-22",
    "website": "https://пример.рф",
    "city": "Екатеринбург",
    "skills": "Python\nрусский язык",
    "notes": "Обедает в 13:00.",
}
COMPANYS: dict[str, Any] = {
    "position": "Главный инженер",
    "extension": "101",
    "employed_on": "2020-01-09",
}
SQL = "x' OR 1=1; DROP TABLE users; -- \\"
TEXTS = (
    *("first_name", "last_name", "middle_name", "position", "profession", "website", "street"),
    *("city", "region", "postal_code", "country", "personal_phone", "notes", "skills"),
)


@pytest.fixture(scope="module")
async def company(new_portal: SignUp) -> TestPortal:
    """A portal for these tests; at most eleven of them add somebody."""
    return await new_portal(locale="ru", region="ru")


async def test_everybody_writes_his_own_profile_and_colleagues_read_it(company: TestPortal) -> None:
    user = await added(company)
    async with as_(company, user["email"]) as his:
        answer = await his.patch(f"/api/v1/users/{user['id']}", json=OWN)
        assert answer.status_code == 200, answer.text
        me = (await his.get("/api/v1/me")).json()
    seen = (await company.client.get(f"/api/v1/users/{user['id']}")).json()
    assert {name: me[name] for name in OWN} == OWN
    assert {name: seen[name] for name in OWN} == OWN
    assert seen["position"] == ""


async def test_what_the_company_says_of_him_only_an_administrator_writes(
    company: TestPortal,
) -> None:
    user = await added(company)
    path = f"/api/v1/users/{user['id']}"
    async with as_(company, user["email"]) as his:
        for name, value in {**COMPANYS, "department_ids": [], "email": user["email"]}.items():
            refused = await his.patch(path, json={name: value})
            assert (refused.status_code, refused.json()["code"]) == (403, "forbidden"), name
        other = await his.patch(f"/api/v1/users/{company.user_id}", json={"city": "Минск"})
        assert other.status_code == 403
    changed = (await company.client.patch(path, json=COMPANYS)).json()
    assert {name: changed[name] for name in COMPANYS} == COMPANYS


async def test_an_extension_finds_everybody_who_has_it(new_portal: SignUp) -> None:
    portal = await new_portal()
    users = [await added(portal) for _ in range(3)]
    for user, extension in zip(users, ("101", "101", "1011"), strict=True):
        await portal.client.patch(f"/api/v1/users/{user['id']}", json={"extension": extension})
    found = (await portal.client.get("/api/v1/users", params={"extension": "101"})).json()
    assert [u["id"] for u in found["items"]] == [u["id"] for u in users[:2]]


async def test_people_are_found_by_their_position_and_middle_name(company: TestPortal) -> None:
    user = await added(company)
    told = {"position": "Сокольничий", "middle_name": "Полуэктович"}
    await company.client.patch(f"/api/v1/users/{user['id']}", json=told)
    for part in ("сокольнич", "полуэкт"):
        found = (await company.client.get("/api/v1/users", params={"search": part})).json()["items"]
        assert [u["id"] for u in found] == [user["id"]]


async def test_the_journal_tells_what_changed_and_nothing_if_nothing_did(
    company: TestPortal,
) -> None:
    made = await company.client.post("/api/v1/departments", json={"name": "Склад"})
    department, user = made.json()["id"], await added(company)
    path = f"/api/v1/users/{user['id']}"
    body = {"extension": "7", "birthday": "1990-05-01", "department_ids": [department, department]}
    for _ in range(2):
        assert (await company.client.patch(path, json=body)).status_code == 200
    (change,) = [c for c in await changes_of(company, "user", user["id"]) if c["verb"] == "updated"]
    assert change["actor"] == company.user_id
    assert change["payload"]["changes"] == {
        "extension": {"old": "", "new": "7"},
        "birthday": {"old": None, "new": "1990-05-01"},
        "department_ids": {"old": [], "new": [department]},
    }


async def test_logging_in_is_remembered(company: TestPortal) -> None:
    user = await added(company)
    assert user["last_login_at"] is None
    assert (await log_in(company, user["email"], "wrong password")).status_code == 401
    path = f"/api/v1/users/{user['id']}"
    assert (await company.client.get(path)).json()["last_login_at"] is None
    first = (await log_in(company, user["email"])).json()["user"]["last_login_at"]
    await log_in(company, user["email"])
    assert first is not None
    assert (await company.client.get(path)).json()["last_login_at"] > first


async def test_a_new_address_is_confirmed_anew_and_logs_in(
    new_portal: SignUp, mails: Mails
) -> None:
    portal = await new_portal()
    old_link = (await mails.one_to(portal.email)).link
    path, new = f"/api/v1/users/{portal.user_id}", f"Chef@{portal.label}.example"
    changed = await portal.client.patch(path, json={"email": new})
    assert (changed.json()["email"], changed.json()["confirmed"]) == (new.lower(), False)
    new_link = (await mails.one_to(new.lower())).link
    for link, status in ((old_link, 410), (new_link, 200)):
        answer = await portal.client.get("/api/v1/confirmations/" + link.rsplit("/", 1)[1])
        assert answer.status_code == status
    assert (await log_in(portal, portal.email)).status_code == 401
    assert (await log_in(portal, new)).status_code == 201


async def test_an_invitation_follows_its_address(new_portal: SignUp, mails: Mails) -> None:
    portal = await new_portal()
    wrong, right = f"mistyped@{portal.label}.example", f"guest@{portal.label}.example"
    invited = await portal.client.post("/api/v1/users/invitations", json={"emails": [wrong]})
    old = (await mails.one_to(wrong)).link.rsplit("#", 1)[1]
    path = f"/api/v1/users/{invited.json()[0]['id']}"
    assert (await portal.client.patch(path, json={"email": right})).status_code == 200
    new = (await mails.one_to(right)).link.rsplit("#", 1)[1]
    for token, status in ((old, 410), (new, 201)):
        acceptance = {"token": token, "password": PASSWORD}
        came = await portal.client.post("/api/v1/invitation-acceptances", json=acceptance)
        assert came.status_code == status


async def test_an_address_that_somebody_has_is_not_given_twice(company: TestPortal) -> None:
    one, other = await added(company), await added(company)
    body = {"email": other["email"].upper(), "city": "Тверь"}
    answer = await company.client.patch(f"/api/v1/users/{one['id']}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "email-taken")
    assert (await company.client.get(f"/api/v1/users/{one['id']}")).json()["city"] == ""


async def test_two_who_change_a_person_at_once_both_succeed(company: TestPortal) -> None:
    user = await added(company)
    path = f"/api/v1/users/{user['id']}"
    bodies: list[dict[str, Any]] = [{"city": "Омск"}, {"street": "Ленина, 1"}, {"extension": "5"}]
    async with asyncio.timeout(30):
        answers = await asyncio.gather(*(company.client.patch(path, json=b) for b in bodies))
    assert [a.status_code for a in answers] == [200, 200, 200]
    seen = (await company.client.get(path)).json()
    assert (seen["city"], seen["street"], seen["extension"]) == ("Омск", "Ленина, 1", "5")


async def test_sql_in_a_field_is_a_text_like_any(company: TestPortal) -> None:
    path, body = f"/api/v1/users/{company.user_id}", dict.fromkeys(TEXTS, SQL)
    answer = await company.client.patch(path, json=body)
    assert answer.status_code == 200, answer.text
    seen = (await company.client.get(path)).json()
    assert {name: seen[name] for name in TEXTS} == body


@pytest.mark.parametrize(
    "body",
    [
        {"extension": "10a"},
        {"extension": "1" * 21},
        {"extension": "١٠١"},
        {"first_name": "x" * 101},
        {"position": "x" * 256},
        {"notes": "x" * 2001},
        {"city": "a\x00b"},
        {"city": "\ud800"},
        {"time_zone": "Mars/Olympus"},
        {"birthday": "1899-12-31"},
        {"birthday": "yesterday"},
        {"gender": "M"},
        {"email": "nobody"},
        {"email": ""},
        {"department_ids": [999_999_999]},
        {"department_ids": [0]},
        {"department_ids": list(range(1, 60))},
        {"role": "admin"},
        {"state": "dismissed"},
        {"password": PASSWORD},
        {"id": 1},
    ],
    ids=lambda body: str(body)[:40],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(
    company: TestPortal, body: dict[str, Any]
) -> None:
    path = f"/api/v1/users/{company.user_id}"
    before = (await company.client.get(path)).json()
    content = json.dumps({"country": "Нигде", **body})  # in ASCII: half a character has no UTF-8
    headers = {"Content-Type": "application/json"}
    answer = await company.client.patch(path, content=content, headers=headers)
    assert answer.status_code in {400, 422}, answer.text
    assert (await company.client.get(path)).json() == before


async def test_nobody_changes_who_is_not_there_or_elsewhere(
    company: TestPortal, beta: TestPortal
) -> None:
    for number in (999_999_999, 2**63 - 1, beta.user_id):
        if number != company.user_id:
            answer = await company.client.patch(f"/api/v1/users/{number}", json={"city": "x"})
            assert (answer.status_code, answer.json()["code"]) == (404, "user-not-found")


@pytest.mark.feature("ORG-13")
async def test_who_comes_back_has_his_content_and_rights_and_counts_again(
    new_portal: SignUp,
) -> None:
    portal = await new_portal()
    user = await added(portal, role="admin")
    async with as_(portal, user["email"]) as his:
        lead = (await his.post("/api/v1/crm/leads", json={"title": "Его лид"})).json()
    path = f"/api/v1/users/{user['id']}"
    await portal.client.post(f"{path}/dismissal")
    others = [await added(portal) for _ in range(FREE_USERS - 1)]
    full = await portal.client.post(f"{path}/restoration")
    assert (full.status_code, full.json()["code"]) == (402, "limit.users")
    await portal.client.post(f"/api/v1/users/{others[0]['id']}/dismissal")
    back = (await portal.client.post(f"{path}/restoration")).json()
    assert (back["state"], back["role"], back["dismissed_at"]) == ("active", "admin", None)
    async with as_(portal, user["email"]) as his:
        kept = (await his.get(f"/api/v1/crm/leads/{lead['id']}")).json()
        assert (await his.get("/api/v1/changes")).status_code == 200
    assert (kept["title"], kept["responsible_id"]) == ("Его лид", user["id"])
    again = await portal.client.post(f"{path}/restoration")
    assert (again.status_code, again.json()["code"]) == (409, "user-not-dismissed")


async def test_who_never_came_is_invited_as_before_when_restored(new_portal: SignUp) -> None:
    portal = await new_portal()
    emails = [f"guest@{portal.label}.example"]
    made = await portal.client.post("/api/v1/users/invitations", json={"emails": emails})
    path = f"/api/v1/users/{made.json()[0]['id']}"
    await portal.client.post(f"{path}/dismissal")
    assert (await portal.client.post(f"{path}/restoration")).json()["state"] == "invited"
