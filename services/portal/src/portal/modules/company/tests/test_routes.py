"""People and sessions over HTTP, on the running cluster."""

import asyncio
import secrets

import pytest

from kernel.settings import Settings
from testkit.mails import Mails
from testkit.portals import PASSWORD, SignUp, TestPortal, node_urls

from .calls import added, log_in, new_user

FREE_USERS = 12
DEAD_WITHIN_SECONDS = 5


@pytest.mark.feature("PLAN-01", "PLAN-06")
async def test_who_signed_up_is_logged_in_as_administrator(new_portal: SignUp) -> None:
    portal = await new_portal()
    me = (await portal.client.get("/api/v1/me")).json()
    assert (me["role"], me["email"], me["portal"]["id"]) == (
        "admin",
        portal.email,
        str(portal.id),
    )


@pytest.mark.feature("PLAN-07")
async def test_a_new_portal_is_on_the_free_plan(new_portal: SignUp) -> None:
    licence = (await (await new_portal()).client.get("/api/v1/license")).json()
    assert (licence["plan"], licence["price"], licence["users_allowed"]) == (
        "project",
        0,
        FREE_USERS,
    )


@pytest.mark.feature("ORG-10")
async def test_an_added_person_can_log_in_and_stands_in_his_departments(acme: TestPortal) -> None:
    made = await acme.client.post("/api/v1/departments", json={"name": "Продажи"})
    department = made.json()["id"]
    user = await added(acme, last_name="Петров", department_ids=[department])
    session = (await log_in(acme, user["email"])).json()
    async with acme.at(str(acme.client.base_url), session["token"]) as his:
        me = (await his.get("/api/v1/me")).json()
    assert (me["last_name"], me["role"], me["department_ids"]) == (
        "Петров",
        "employee",
        [department],
    )


async def test_a_department_named_twice_is_joined_once(acme: TestPortal) -> None:
    made = await acme.client.post("/api/v1/departments", json={"name": "Касса"})
    department = made.json()["id"]
    user = await added(acme, department_ids=[department, department])
    seen = (await acme.client.get(f"/api/v1/users/{user['id']}")).json()
    assert seen["department_ids"] == [department]


async def test_a_department_that_does_not_exist_is_named(acme: TestPortal) -> None:
    body = new_user(acme, department_ids=[999_999_999])
    answer = await acme.client.post("/api/v1/users", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "department-not-found")
    assert answer.json()["values"] == {"ids": [999_999_999]}


async def test_one_address_is_one_person(acme: TestPortal) -> None:
    user = await added(acme)
    again = await acme.client.post(
        "/api/v1/users", json=new_user(acme, email=user["email"].upper())
    )
    assert (again.status_code, again.json()["code"]) == (409, "email-taken")


async def test_addresses_that_differ_in_an_accent_are_two_people(acme: TestPortal) -> None:
    tail = f"{secrets.token_hex(4)}@exämple.de"
    await added(acme, email=f"rene.{tail}")
    await added(acme, email=f"rené.{tail}")


async def test_a_plain_person_may_not_add_people(acme: TestPortal) -> None:
    user = await added(acme)
    token = (await log_in(acme, user["email"])).json()["token"]
    async with acme.at(str(acme.client.base_url), token) as his:
        answer = await his.post("/api/v1/users", json=new_user(acme))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.feature("ORG-09")
async def test_an_invited_person_gets_one_mail_and_comes_in_by_its_link(
    new_portal: SignUp, mails: Mails
) -> None:
    portal = await new_portal(company="Рога и копыта", locale="ru")
    email = f"guest@{portal.label}.example"
    body = {"emails": [email, email.upper()]}
    invited = await portal.client.post("/api/v1/users/invitations", json=body)
    assert [u["state"] for u in invited.json()] == ["invited"]
    mail = await mails.one_to(email)
    assert "Рога и копыта" in mail.text
    token = mail.link.rsplit("#", 1)[1]
    acceptance = {"token": token, "password": PASSWORD, "first_name": "Гость"}
    came = await portal.client.post("/api/v1/invitation-acceptances", json=acceptance)
    assert came.status_code == 201, came.text
    again = await portal.client.post("/api/v1/invitation-acceptances", json=acceptance)
    assert (again.status_code, again.json()["code"]) == (410, "link-used")
    assert (await log_in(portal, email)).status_code == 201


async def test_inviting_again_replaces_the_link_and_makes_no_second_account(
    new_portal: SignUp, mails: Mails
) -> None:
    portal = await new_portal()
    email = f"guest@{portal.label}.example"
    first = (
        await portal.client.post("/api/v1/users/invitations", json={"emails": [email]})
    ).json()[0]
    old = (await mails.one_to(email)).link.rsplit("#", 1)[1]
    again = await portal.client.post(f"/api/v1/users/{first['id']}/invitation")
    assert again.json()["id"] == first["id"]
    both = await mails.to(email, count=2)
    new = next(m.link.rsplit("#", 1)[1] for m in both if old not in m.link)
    for token, status in ((old, 410), (new, 201)):
        acceptance = {"token": token, "password": PASSWORD}
        came = await portal.client.post("/api/v1/invitation-acceptances", json=acceptance)
        assert came.status_code == status


@pytest.mark.feature("PLAN-03")
async def test_the_confirmation_link_works_once(new_portal: SignUp, mails: Mails) -> None:
    portal = await new_portal()
    mail = await mails.one_to(portal.email)
    path = "/api/v1/confirmations/" + mail.link.rsplit("/", 1)[1]
    first, second = await portal.client.get(path), await portal.client.get(path)
    assert (first.status_code, second.status_code) == (200, 410)
    assert (await portal.client.get("/api/v1/me")).json()["confirmed"] is True


@pytest.mark.feature("PLAN-04")
@pytest.mark.parametrize(
    ("locale", "refusal"),
    [
        ("ru", "В портале нет сотрудника 999999999."),
        ("uk", "У порталі немає співробітника 999999999."),
        ("de", "In diesem Portal gibt es niemanden mit der Nummer 999999999."),
        ("en", "There is no person 999999999 in this portal."),
    ],
)
async def test_the_chosen_language_is_that_of_mail_errors_and_lists(
    new_portal: SignUp, mails: Mails, locale: str, refusal: str
) -> None:
    portal = await new_portal(locale=locale)
    assert (await mails.one_to(portal.email)).language == locale
    assert (await portal.client.get("/api/v1/users/999999999")).json()["detail"] == refusal
    lists = (await portal.client.get("/api/v1/crm/statuses")).json()["items"]
    names = {s["code"]: s["name"] for s in lists if s["kind"] == "lead_status"}
    new = {"ru": "Новый", "uk": "Новий", "de": "Neu", "en": "New"}
    assert names["NEW"] == new[locale]


@pytest.mark.feature("PLAN-05")
async def test_the_new_administrator_invites_eleven_at_once(new_portal: SignUp) -> None:
    portal = await new_portal()
    emails = [f"p{n}@{portal.label}.example" for n in range(FREE_USERS - 1)]
    answer = await portal.client.post("/api/v1/users/invitations", json={"emails": emails})
    assert (answer.status_code, len(answer.json())) == (201, FREE_USERS - 1)


@pytest.mark.feature("PLAN-08")
async def test_of_twenty_people_added_at_once_exactly_twelve_are_active(
    new_portal: SignUp,
) -> None:
    portal = await new_portal()
    for _ in range(FREE_USERS - 2):
        await added(portal)
    async with asyncio.timeout(60):
        answers = await asyncio.gather(
            *(portal.client.post("/api/v1/users", json=new_user(portal)) for _ in range(20))
        )
    statuses = sorted(a.status_code for a in answers)
    assert statuses == [201] + [402] * 19
    refused = next(a.json() for a in answers if a.status_code == 402)
    assert (refused["code"], refused["values"]["limit"]) == ("limit.users", FREE_USERS)
    active = await portal.client.get("/api/v1/users?state=active&limit=200")
    assert len(active.json()["items"]) == FREE_USERS


@pytest.mark.feature("ORG-11")
async def test_a_dismissed_person_is_out_everywhere_within_five_seconds(
    settings: Settings, acme: TestPortal
) -> None:
    user = await added(acme)
    token = (await log_in(acme, user["email"])).json()["token"]
    urls = [u for s in settings.datacentres for u in node_urls(settings, s.name)]
    async with asyncio.timeout(60):
        assert {await status_of_me(acme, url, token) for url in urls} == {200}
        dismissed = await acme.client.post(f"/api/v1/users/{user['id']}/dismissal")
        assert dismissed.json()["state"] == "dismissed"
        await asyncio.sleep(DEAD_WITHIN_SECONDS)  # the promise itself: by then, on every node
        assert {await status_of_me(acme, url, token) for url in urls} == {401}
    assert (await log_in(acme, user["email"])).status_code == 401
    kept = (await acme.client.get(f"/api/v1/users/{user['id']}")).json()
    assert kept["first_name"] == "Иван"


async def status_of_me(portal: TestPortal, url: str, token: str) -> int:
    async with portal.at(url, token) as client:
        return (await client.get("/api/v1/me")).status_code


async def test_nobody_dismisses_himself(new_portal: SignUp) -> None:
    portal = await new_portal()
    await added(portal, role="admin")
    answer = await portal.client.post(f"/api/v1/users/{portal.user_id}/dismissal")
    assert (answer.status_code, answer.json()["code"]) == (403, "own-dismissal")
    assert (await portal.client.get("/api/v1/me")).json()["state"] == "active"


async def test_of_two_who_dismiss_each_other_one_stays(new_portal: SignUp) -> None:
    portal = await new_portal()
    other = await added(portal, role="admin")
    token = (await log_in(portal, other["email"])).json()["token"]
    async with portal.at(str(portal.client.base_url), token) as his:
        assert (await his.get("/api/v1/me")).status_code == 200
        answers = await asyncio.gather(
            portal.client.post(f"/api/v1/users/{other['id']}/dismissal"),
            his.post(f"/api/v1/users/{portal.user_id}/dismissal"),
        )
    assert sorted(a.status_code == 200 for a in answers) == [False, True]
    refused = next(a for a in answers if a.status_code != 200)
    assert refused.json()["code"] in {"last-administrator", "unauthenticated"}


async def test_after_ten_wrong_passwords_even_the_right_one_waits(new_portal: SignUp) -> None:
    portal = await new_portal()
    for _ in range(10):
        assert (await log_in(portal, portal.email, "wrong password")).status_code == 401
    blocked = await log_in(portal, portal.email)
    assert (blocked.status_code, blocked.json()["code"]) == (429, "too-many-logins")
    assert int(blocked.headers["Retry-After"]) > 60


async def test_logging_out_ends_this_session_only(acme: TestPortal) -> None:
    user = await added(acme)
    tokens = [(await log_in(acme, user["email"])).json()["token"] for _ in range(2)]
    url = str(acme.client.base_url)
    async with acme.at(url, tokens[0]) as his:
        assert (await his.delete("/api/v1/sessions/current")).status_code == 204
    await asyncio.sleep(DEAD_WITHIN_SECONDS)  # the promise itself: by then, on every node
    assert [await status_of_me(acme, url, t) for t in tokens] == [401, 200]


async def test_people_are_listed_by_pages_without_gap_or_repetition(new_portal: SignUp) -> None:
    portal = await new_portal()
    made = {portal.user_id} | {(await added(portal))["id"] for _ in range(6)}
    seen: list[int] = []
    cursor = None
    while True:
        params = {"limit": "3"} | ({"cursor": cursor} if cursor else {})
        page = (await portal.client.get("/api/v1/users", params=params)).json()
        seen += [u["id"] for u in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert (len(seen), set(seen)) == (7, made)


async def test_a_percent_sign_in_a_search_means_itself(acme: TestPortal) -> None:
    found = await acme.client.get("/api/v1/users", params={"search": "%"})
    assert found.json()["items"] == []


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "cursor=x", "cursor=WyJvdGhlciIsM10=", "state=gone"]
)
async def test_a_malformed_page_request_is_refused(acme: TestPortal, query: str) -> None:
    assert (await acme.client.get(f"/api/v1/users?{query}")).status_code == 422
