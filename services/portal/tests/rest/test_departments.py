"""department.* and the access codes over HTTP, on the running cluster."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from testkit.portals import PASSWORD, SignUp, TestPortal

from .contract import documented, mismatches
from .hooks import Hook, hook

DEPARTMENT = documented("department")
CORE = documented("core")
NOT_FOUND = (400, "ERROR_CORE", "Department not found")
SECOND_ROOT = "There can only be one top-level department in the company structure"


@dataclass(frozen=True, slots=True)
class Structure:
    """A company with sales under it and a shop under sales, where somebody stands."""

    portal: TestPortal
    hook: Hook
    root: int
    sales: int
    shop: int
    seller: int


@pytest.fixture(scope="module")
async def structure(new_portal: SignUp) -> AsyncIterator[Structure]:
    portal = await new_portal(company="Рога и копыта", locale="ru")
    async with hook(portal, "user", "department") as admin:
        (root,) = await admin.result("department.get")
        sales = await admin.result("department.add", NAME="Продажи", PARENT=root["ID"], SORT=100)
        shop = await admin.result("department.add", NAME="Магазин", PARENT=sales)
        body = {"email": f"u{secrets.token_hex(5)}@{portal.label}.example", "password": PASSWORD}
        body["department_ids"] = [shop]  # type: ignore[assignment]  # of JSON
        seller = (await portal.client.post("/api/v1/users", json=body)).json()["id"]
        yield Structure(portal, admin, int(root["ID"]), sales, shop, seller)


async def test_departments_are_listed_in_the_documented_shape(structure: Structure) -> None:
    body = await structure.hook.body("department.get", sort="NAME", order="DESC")
    below = [d for d in body["result"] if d["ID"] != str(structure.root)]
    assert mismatches(DEPARTMENT["department.get"]["result"], below) == []
    assert body["total"] == len(body["result"])
    (root,) = [d for d in body["result"] if d["ID"] == str(structure.root)]
    assert root == {"ID": str(structure.root), "NAME": "Рога и копыта", "SORT": 500}
    names = [d["NAME"] for d in body["result"]]
    assert names == sorted(names, reverse=True)


async def test_departments_are_filtered_by_names_at_the_top(structure: Structure) -> None:
    for parameters, expected in (
        ({"ID": structure.sales}, [structure.sales]),
        ({"ID": [structure.sales, structure.shop]}, [structure.sales, structure.shop]),
        ({"NAME": "Продажи"}, [structure.sales]),
        ({"NAME": "Прод"}, []),
        ({"PARENT": structure.sales}, [structure.shop]),
        ({"SORT": 100}, [structure.sales]),
        ({"UF_HEAD": 999_999}, []),
        ({"ID": ""}, []),
    ):
        found = await structure.hook.result("department.get", **parameters)
        assert [int(d["ID"]) for d in found] == expected, parameters


async def test_fields_of_departments_are_named(structure: Structure) -> None:
    fields = await structure.hook.result("department.fields")
    assert mismatches(DEPARTMENT["department.fields"]["result"], fields) == []
    assert fields["UF_HEAD"] == "Руководитель"


async def test_a_department_is_added_changed_and_deleted(structure: Structure) -> None:
    call = structure.hook.result
    made = await call("department.add", NAME="Склад", PARENT=structure.root, UF_HEAD="")
    assert type(made) is int
    changes = {"NAME": "Склад № 1", "SORT": 7, "PARENT": structure.sales}
    assert await call("department.update", ID=made, UF_HEAD=structure.seller, **changes) is True
    (found,) = await call("department.get", ID=made)
    assert found == {
        "ID": str(made),
        "NAME": "Склад № 1",
        "SORT": 7,
        "PARENT": str(structure.sales),
        "UF_HEAD": str(structure.seller),
    }
    assert await call("department.delete", ID=made) is True
    assert await call("department.get", ID=made) == []
    assert await structure.hook.error("department.delete", ID=made) == NOT_FOUND
    assert await structure.hook.error("department.update", ID=made, NAME="x") == NOT_FOUND


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"PARENT": 1}, "Department name not provided.<br>"),
        ({"NAME": "", "PARENT": 1}, "Department name not provided.<br>"),
        ({"NAME": "x"}, SECOND_ROOT),
        ({"NAME": "x", "PARENT": 999_999_999}, SECOND_ROOT),
        ({"NAME": "x", "PARENT": 0}, SECOND_ROOT),
    ],
    ids=str,
)
async def test_what_cannot_be_added_is_refused_as_documented(
    structure: Structure, parameters: dict[str, Any], text: str
) -> None:
    answer = await structure.hook.error("department.add", **parameters)
    assert answer == (400, "ERROR_CORE", text)


@pytest.mark.parametrize("number", [None, "", 0, "x", [1], "1' OR 1=1", 2**70])
async def test_a_department_that_is_not_there_is_not_changed(
    structure: Structure, number: Any
) -> None:
    for method in ("department.update", "department.delete"):
        assert await structure.hook.error(method, ID=number, NAME="x") == NOT_FOUND


async def test_a_circle_is_refused(structure: Structure) -> None:
    status, _, text = await structure.hook.error(
        "department.update", ID=structure.sales, PARENT=structure.shop
    )
    assert (status, str(structure.shop) in text) == (400, True)


async def test_a_plain_person_reads_the_structure_only(structure: Structure) -> None:
    async with hook(structure.portal, "department", user_id=structure.seller) as his:
        assert len(await his.result("department.get")) >= 3
        for method in ("department.add", "department.update", "department.delete"):
            answer = await his.error(method, ID=structure.shop, NAME="x", PARENT=structure.root)
            assert answer == (400, "ERROR_CORE", "Access denied")


async def test_codes_say_where_somebody_stands(structure: Structure) -> None:
    me, shop, sales, root = structure.seller, structure.shop, structure.sales, structure.root
    async with hook(structure.portal, "crm", user_id=me) as his:
        for codes, has in (
            (f"U{me}", True),
            ([f"U{structure.portal.user_id}"], False),
            (["AU"], True),
            (["G2"], True),
            (["CR"], False),
            ([f"D{shop}"], True),
            ([f"D{sales}"], False),
            ([f"DR{sales}"], True),
            ([f"DR{root}"], True),
            ([f"IU{me}"], True),
            (["SG1_K", "G1"], False),
            (["U999999999", f"D{shop}"], True),
            ([], False),
            ("", False),
            (None, False),
            (["' OR 1=1", {"a": 1}, 5], False),
            ([f"D{2**70}"], False),
        ):
            assert await his.result("user.access", ACCESS=codes) is has, codes
    assert await structure.hook.result("user.access", ACCESS=["U999999999"]) is True


async def test_who_heads_a_department_supervises_who_stands_below(structure: Structure) -> None:
    portal = structure.portal
    body = {"email": f"u{secrets.token_hex(5)}@{portal.label}.example", "password": PASSWORD}
    head = (await portal.client.post("/api/v1/users", json=body)).json()["id"]
    code = [f"IU{structure.seller}"]
    async with hook(portal, "crm", user_id=head) as his:
        assert await his.result("user.access", ACCESS=code) is False
        await structure.hook.result("department.update", ID=structure.sales, UF_HEAD=head)
        assert await his.result("user.access", ACCESS=code) is True


async def test_codes_have_names(structure: Structure) -> None:
    named = await structure.hook.result("access.name", ACCESS=["G2", "AU"])
    assert mismatches(CORE["access.name"]["result"], named) == []
    assert named["AU"]["name"] == "Все авторизованные пользователи"
    codes = [f"U{structure.portal.user_id}", f"D{structure.shop}", f"DR{structure.shop}", "D999999"]
    named = await structure.hook.result("access.name", ACCESS=codes)
    assert set(named) == set(codes[:3])
    assert named[codes[0]]["provider_id"] == "user"
    assert named[codes[1]] == {
        "provider": "Отдел",
        "name": "Магазин",
        "provider_id": "intranet",
    }
    nothing: Any
    for nothing in (None, "", [], "G2"):
        assert await structure.hook.result("access.name", ACCESS=nothing) is False
    assert await structure.hook.result("access.name", ACCESS=["U999999999", "SG5"]) == []
