"""Departments over HTTP, on the running cluster."""

import asyncio
import random
from typing import Any

import pytest

from testkit.portals import SignUp, TestPortal

from .calls import added, as_, changes_of

MOVES = 100
PATH = "/api/v1/departments"


async def made(portal: TestPortal, name: str, parent: int | None = None, **fields: Any) -> int:
    body = {"name": name, "parent_id": parent, **fields}
    answer = await portal.client.post(PATH, json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def all_of(portal: TestPortal) -> dict[int, dict[str, Any]]:
    page = (await portal.client.get(PATH, params={"limit": 200})).json()
    return {d["id"]: d for d in page["items"]}


async def root_of(portal: TestPortal) -> int:
    return min(await all_of(portal))


@pytest.mark.feature("ORG-03")
async def test_a_department_needs_a_name_and_a_place(new_portal: SignUp) -> None:
    portal = await new_portal()
    root = await root_of(portal)
    number = await made(portal, "Продажи", root)
    page = (await portal.client.get(PATH)).json()["items"]
    assert [(d["id"], d["name"], d["parent_id"]) for d in page if d["id"] == number] == [
        (number, "Продажи", root)
    ]
    for name in ("", "   ", "x" * 201, "a\x00b"):
        answer = await portal.client.post(PATH, json={"name": name, "parent_id": root})
        assert answer.status_code == 422, name


async def test_a_department_is_renamed_moved_and_given_a_head(new_portal: SignUp) -> None:
    portal = await new_portal()
    root = await root_of(portal)
    sales, shop = await made(portal, "Продажи", root), await made(portal, "Магазин", root)
    head = await added(portal)
    body = {"name": "Розница", "parent_id": sales, "head_id": head["id"], "position": 7}
    changed = await portal.client.patch(f"{PATH}/{shop}", json=body)
    assert changed.json() == {"id": shop, **body}
    assert (await portal.client.get(f"{PATH}/{shop}")).json() == {"id": shop, **body}
    *_, told = await changes_of(portal, "department", shop)
    assert told["payload"]["changes"]["parent_id"] == {"old": root, "new": sales}
    assert set(told["payload"]["changes"]) == set(body)


@pytest.mark.feature("ORG-07")
async def test_a_department_never_stands_under_itself(new_portal: SignUp) -> None:
    portal = await new_portal()
    root = await root_of(portal)
    upper = await made(portal, "Верх", root)
    lower = await made(portal, "Низ", upper)
    for parent in (upper, lower):
        answer = await portal.client.patch(f"{PATH}/{upper}", json={"parent_id": parent})
        assert (answer.status_code, answer.json()["code"]) == (422, "department-cycle")


async def test_the_company_stays_on_top(new_portal: SignUp) -> None:
    portal = await new_portal()
    root = await root_of(portal)
    lower = await made(portal, "Низ", root)
    answers = [
        await portal.client.patch(f"{PATH}/{root}", json={"parent_id": lower}),
        await portal.client.patch(f"{PATH}/{lower}", json={"parent_id": None}),
        await portal.client.delete(f"{PATH}/{root}"),
    ]
    assert {(a.status_code, a.json()["code"]) for a in answers} == {(409, "department-root")}


@pytest.mark.feature("ORG-07")
async def test_after_a_hundred_moves_at_once_it_is_still_a_tree(new_portal: SignUp) -> None:
    portal = await new_portal()
    root = await root_of(portal)
    numbers = [await made(portal, f"Отдел {n}", root) for n in range(12)]
    dice = random.Random(7)  # noqa: S311  # dice, not secrets
    pairs = [(dice.choice(numbers), dice.choice([root, *numbers])) for _ in range(MOVES)]

    async def move(what: int, where: int) -> int:
        answer = await portal.client.patch(f"{PATH}/{what}", json={"parent_id": where})
        return answer.status_code

    async with asyncio.timeout(90):
        statuses = set(await asyncio.gather(*(move(*pair) for pair in pairs)))
    assert statuses == {200, 422}
    departments = await all_of(portal)
    for number in numbers:
        path, at = [number], departments[number]["parent_id"]
        while at is not None:
            assert at not in path, "a circle"
            path.append(at)
            at = departments[at]["parent_id"]
        assert path[-1] == root


async def test_what_stands_in_a_dissolved_department_comes_to_the_one_above(
    new_portal: SignUp,
) -> None:
    portal = await new_portal()
    root = await root_of(portal)
    upper = await made(portal, "Верх", root)
    middle = await made(portal, "Середина", upper)
    lower = await made(portal, "Низ", middle)
    both = await added(portal, department_ids=[upper, middle])
    only = await added(portal, department_ids=[middle])
    assert (await portal.client.delete(f"{PATH}/{middle}")).status_code == 204
    assert (await portal.client.get(f"{PATH}/{middle}")).status_code == 404
    assert (await portal.client.get(f"{PATH}/{lower}")).json()["parent_id"] == upper
    for user in (both, only):
        seen = (await portal.client.get(f"/api/v1/users/{user['id']}")).json()
        assert seen["department_ids"] == [upper]


async def test_nobody_joins_a_department_while_it_is_dissolved(new_portal: SignUp) -> None:
    portal = await new_portal()
    root, user = await root_of(portal), await added(portal)
    path = f"/api/v1/users/{user['id']}"
    for number in range(8):
        department = await made(portal, f"Недолгий {number}", root)
        async with asyncio.timeout(30):
            joined, dissolved = await asyncio.gather(
                portal.client.patch(path, json={"department_ids": [department]}),
                portal.client.delete(f"{PATH}/{department}"),
            )
        assert dissolved.status_code == 204
        assert joined.status_code in {200, 422}
        standing = (await portal.client.get(path)).json()["department_ids"]
        assert set(standing) <= {root}, "he stands where nothing is"


async def test_who_does_not_work_here_heads_nothing(acme: TestPortal, beta: TestPortal) -> None:
    root = await root_of(acme)
    for number in {beta.user_id, 999_999_999} - {acme.user_id}:
        answer = await acme.client.post(PATH, json={"name": "x", "head_id": number})
        assert (answer.status_code, answer.json()["code"]) == (422, "head-not-found")
        changed = await acme.client.patch(f"{PATH}/{root}", json={"head_id": number})
        assert changed.status_code == 422


async def test_a_plain_person_does_not_change_the_structure(new_portal: SignUp) -> None:
    portal = await new_portal()
    root, user = await root_of(portal), await added(portal)
    async with as_(portal, user["email"]) as his:
        answers = [
            await his.patch(f"{PATH}/{root}", json={"name": "x"}),
            await his.delete(f"{PATH}/{root}"),
            await his.post(PATH, json={"name": "x"}),
        ]
        assert (await his.get(f"{PATH}/{root}")).status_code == 200
    assert {a.status_code for a in answers} == {403}
