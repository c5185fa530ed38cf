"""crm.lead.userfield.* and crm.userfield.* over HTTP, and leads with such fields, on the running cluster."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from kernel.settings import Settings
from portal.modules.crm.domain.custom.definitions import FieldType
from testkit.portals import PASSWORD, SignUp, TestPortal, node_urls

from .contract import documented, mismatches
from .hooks import Hook, hook

FIELDS = documented("crm.userfield")
SOON_SECONDS = 30.0  # each node remembers fields and their choices for five
SQL = "1' OR '1'='1'; DROP TABLE crm_fields; --"
# What is sent for a field of each type, and what of it is read back
VALUES: tuple[tuple[str, object, object], ...] = (
    ("string", "Привет, мир; " + SQL, "Привет, мир; " + SQL),
    ("integer", "12", "12"),
    ("double", "12.50", "12.5"),
    ("boolean", "1", True),
    ("boolean", "N", False),
    ("datetime", "2026-11-22T10:00:00+03:00", "2026-11-22T07:00:00+00:00"),
    ("date", "22.11.2026", "2026-11-22T00:00:00+00:00"),
    ("money", "100|USD", "100.00|USD"),
    ("url", "https://example.com", "https://example.com"),
    ("address", "Тверская, 1|55;37", "Тверская, 1|55;37"),
    ("employee", "1", "1"),
    ("crm_status", "NEW", "NEW"),
    ("crm", "L_7", "7"),
)
SEVERAL = tuple(value for value in VALUES if value[0] != "boolean")


@pytest.fixture(scope="module")
async def portal(new_portal: SignUp) -> TestPortal:
    return await new_portal(locale="ru", region="ru")


@pytest.fixture
async def crm(portal: TestPortal) -> AsyncIterator[Hook]:
    async with hook(portal, "crm") as opened:
        yield opened


def new_name() -> str:
    return f"T_{secrets.token_hex(6).upper()}"


async def added(crm: Hook, kind: str = "string", **more: Any) -> tuple[int, str]:
    """Add a field; return its id and its whole name."""
    name = new_name()
    fields = {"FIELD_NAME": name, "USER_TYPE_ID": kind, **more}
    return await crm.result("crm.lead.userfield.add", fields=fields), f"UF_CRM_{name}"


async def lead_with(crm: Hook, **fields: Any) -> dict[str, Any]:
    """Add a lead and read it."""
    lead = await crm.result("crm.lead.add", fields={"TITLE": "а", **fields})
    found: dict[str, Any] = await crm.result("crm.lead.get", id=lead)
    return found


async def soon(holds: Callable[[], Awaitable[bool]]) -> None:
    """Ask until no node goes by what it remembers."""
    async with asyncio.timeout(SOON_SECONDS):
        while not await holds():  # noqa: ASYNC110  # a portal sends a test no event
            await asyncio.sleep(0.2)


async def soon_filled_in(crm: Hook, name: str, default: str) -> None:
    """Add leads until one is given the default."""

    async def is_filled_in() -> bool:
        return bool((await lead_with(crm)).get(name) == default)

    await soon(is_filled_in)


async def test_a_field_comes_back_in_the_documented_shape(crm: Hook) -> None:
    field, name = await added(crm, XML_ID="my", SORT=2000, LABEL="Поле", SETTINGS={"ROWS": 3})
    shown = await crm.result("crm.lead.userfield.get", id=field)
    wanted = FIELDS["crm.lead.userfield.get"]["result"]
    languages = {lang for row in wanted.values() if isinstance(row, dict) for lang in row}
    assert mismatches(wanted, shown, lacking=languages - {"en", "ru", "ua", "de"}) == []
    assert (shown["ID"], shown["FIELD_NAME"], shown["ENTITY_ID"]) == (str(field), name, "CRM_LEAD")
    assert (shown["XML_ID"], shown["SORT"], shown["SETTINGS"]["ROWS"]) == ("my", "2000", 3)
    assert shown["EDIT_FORM_LABEL"] == dict.fromkeys(("en", "ru", "ua", "de"), "Поле")


async def test_a_list_of_fields_has_the_documented_shape(crm: Hook) -> None:
    choices = [{"VALUE": "Радио", "XML_ID": "radio"}]
    _, name = await added(crm, "enumeration", LIST=choices, EDIT_FORM_LABEL={"ru": "Канал"})
    asked = {"filter": {"FIELD_NAME": name, "LANG": "ru"}, "order": {"SORT": "ASC"}}
    body = await crm.body("crm.lead.userfield.list", **asked)
    [row] = body["result"]
    wanted = FIELDS["crm.lead.userfield.list"]["result"]
    assert mismatches(wanted, [{**row, "SETTINGS": {"ENTITY_TYPE": "x"}}]) == []
    assert (row["EDIT_FORM_LABEL"], row["ERROR_MESSAGE"]) == ("Канал", None)
    assert (row["LIST"][0]["VALUE"], row["LIST"][0]["XML_ID"]) == ("Радио", "radio")
    assert body["total"] == 1
    plain = await crm.result("crm.lead.userfield.list", filter={"FIELD_NAME": name})
    assert "EDIT_FORM_LABEL" not in plain[0]


async def test_fields_are_filtered_sorted_and_walked_through_from_behind(crm: Hook) -> None:
    ids = [(await added(crm, kind))[0] for kind in ("string", "integer", "string")]
    asked = {"filter": {"@ID": ids, "USER_TYPE_ID": "string"}, "order": {"ID": "DESC"}}
    rows = await crm.result("crm.lead.userfield.list", **asked)
    assert [int(row["ID"]) for row in rows] == [ids[2], ids[0]]
    behind = {"filter": {"<ID": ids[1], "@ID": ids}, "order": {"ID": "DESC"}, "start": -1}
    body = await crm.body("crm.lead.userfield.list", **behind)
    assert ([int(row["ID"]) for row in body["result"]], "total" in body) == ([ids[0]], False)


async def test_a_field_is_changed(crm: Hook) -> None:
    field, name = await added(crm, LABEL="Было", SETTINGS={"ROWS": 3, "DEFAULT_VALUE": "а"})
    change = {
        "XML_ID": "LEAD_UF_XML_ID",
        "SORT": "150",
        "MULTIPLE": "Y",
        "MANDATORY": "N",
        "SHOW_FILTER": "Y",
        "EDIT_IN_LIST": "N",
        "FIELD_NAME": "OTHER",
        "EDIT_FORM_LABEL": "Стало",
        "SETTINGS": {"DEFAULT_VALUE": "б"},
    }
    assert await crm.result("crm.lead.userfield.update", id=field, fields=change) is True
    shown = await crm.result("crm.lead.userfield.get", id=field)
    assert (shown["FIELD_NAME"], shown["MULTIPLE"], shown["SORT"]) == (name, "N", "150")
    assert (shown["XML_ID"], shown["EDIT_IN_LIST"]) == ("LEAD_UF_XML_ID", "N")
    assert shown["SETTINGS"]["ROWS"] == 3
    assert shown["SETTINGS"]["DEFAULT_VALUE"] == "б"
    assert (shown["EDIT_FORM_LABEL"]["ru"], shown["LIST_COLUMN_LABEL"]["ru"]) == ("Стало", "Было")
    await soon_filled_in(crm, name, "б")


async def test_a_deleted_field_is_gone_from_leads(crm: Hook) -> None:
    field, name = await added(crm)
    lead = await lead_with(crm, **{name: "а"})
    assert lead[name] == "а"
    assert await crm.result("crm.lead.userfield.delete", id=field) is True

    async def is_gone() -> bool:
        return name not in await crm.result("crm.lead.get", id=lead["ID"])

    await soon(is_gone)
    text = f"The entity with ID '{field}' is not found"
    for method in ("get", "update", "delete"):
        refused = await crm.error(f"crm.lead.userfield.{method}", id=field, fields={"SORT": 5})
        assert refused == (400, "ERROR_NOT_FOUND", text)


@pytest.mark.parametrize(("kind", "sent", "read"), VALUES)
async def test_a_value_of_each_type_comes_back(
    crm: Hook, kind: str, sent: object, read: object
) -> None:
    _, name = await added(crm, kind)
    lead = await lead_with(crm, **{name: sent})
    assert lead[name] == read
    [row] = await crm.result("crm.lead.list", filter={"ID": lead["ID"]}, select=["UF_*"])
    assert row[name] == read
    [found] = await crm.result("crm.lead.list", filter={name: sent}, select=[name])
    assert found == {"ID": lead["ID"], name: read}
    assert await crm.result("crm.lead.list", filter={f"!{name}": sent, "ID": lead["ID"]}) == []
    await crm.result("crm.lead.update", id=lead["ID"], fields={name: ""})
    emptied = (await crm.result("crm.lead.get", id=lead["ID"]))[name]
    assert emptied == ("" if kind in {"date", "datetime"} else False if kind == "boolean" else None)


@pytest.mark.parametrize(("kind", "sent", "read"), SEVERAL)
async def test_several_values_of_each_type_come_back(
    crm: Hook, kind: str, sent: object, read: object
) -> None:
    _, name = await added(crm, kind, MULTIPLE="Y")
    lead = await lead_with(crm, **{name: [sent, "", sent]})
    assert lead[name] == [read, read]
    [found] = await crm.result("crm.lead.list", filter={name: sent}, select=[name])
    assert found[name] == [read, read]
    await crm.result("crm.lead.update", id=lead["ID"], fields={name: []})
    assert (await crm.result("crm.lead.get", id=lead["ID"]))[name] == []


@pytest.mark.parametrize(
    ("kind", "lower", "higher"),
    [
        ("integer", "9", "10"),
        ("double", "9.5", "10.25"),
        ("date", "09.11.2026", "10.11.2025"[:6] + "2027"),
        ("datetime", "2026-11-22T10:00:00+00:00", "2026-11-22T10:30:00+00:00"),
        ("money", "9|RUB", "10|RUB"),
        ("string", "А", "Б"),
    ],
)
async def test_fields_are_compared_and_sorted_by_what_they_mean(
    crm: Hook, kind: str, lower: str, higher: str
) -> None:
    _, name = await added(crm, kind)
    first = (await lead_with(crm, **{name: higher}))["ID"]
    second = (await lead_with(crm, **{name: lower}))["ID"]

    async def found(order: dict[str, str], **wanted: Any) -> list[str]:
        asked = {"filter": {f"!{name}": "", **wanted}, "order": order, "select": ["ID"]}
        return [row["ID"] for row in await crm.result("crm.lead.list", **asked)]

    assert await found({name: "ASC"}) == [second, first]
    assert await found({name: "DESC"}) == [first, second]
    assert await found({}, **{f">{name}": lower}) == [first]
    assert await found({}, **{f"<={name}": lower}) == [second]
    assert await found({}, **{f"@{name}": [lower, higher]}) == [first, second]


async def test_texts_are_found_by_their_parts(crm: Hook) -> None:
    _, name = await added(crm)
    lead = (await lead_with(crm, **{name: "Сто процентов (100%)"}))["ID"]
    for wanted in ({f"%{name}": "процент"}, {f"=%{name}": "сто%"}, {f"%{name}": "0%)"}):
        rows = await crm.result("crm.lead.list", filter=wanted, select=["ID"])
        assert [row["ID"] for row in rows] == [lead], wanted
    assert await crm.result("crm.lead.list", filter={f"%{name}": SQL}) == []


async def test_choices_live_with_their_field(crm: Hook) -> None:
    choices = [{"VALUE": "Радио", "SORT": 10}, {"VALUE": "Кино", "SORT": 20, "DEF": "Y"}]
    field, name = await added(crm, "enumeration", LIST=choices)
    radio, cinema = (await crm.result("crm.lead.userfield.get", id=field))["LIST"]
    await soon_filled_in(crm, name, cinema["ID"])
    lead = await lead_with(crm, **{name: radio["ID"]})
    assert lead[name] == radio["ID"]
    change = [{"ID": radio["ID"], "DEL": "Y"}, {"VALUE": "Газета", "SORT": 30}]
    await crm.result("crm.lead.userfield.update", id=field, fields={"LIST": change})
    kept = (await crm.result("crm.lead.userfield.get", id=field))["LIST"]
    assert [item["VALUE"] for item in kept] == ["Кино", "Газета"]
    assert kept[1]["ID"] not in {radio["ID"], cinema["ID"]}

    async def is_gone() -> bool:
        return (await crm.result("crm.lead.get", id=lead["ID"]))[name] is None

    await soon(is_gone)
    assert (await lead_with(crm, **{name: kept[1]["ID"]}))[name] == kept[1]["ID"]
    described = (await crm.result("crm.lead.fields"))[name]
    assert described["items"] == [{"ID": item["ID"], "VALUE": item["VALUE"]} for item in kept]


async def test_a_new_field_may_be_used_at_once_on_every_node(
    crm: Hook, portal: TestPortal, settings: Settings
) -> None:
    urls = [u for site in settings.datacentres for u in node_urls(settings, site.name)]
    for url in urls:
        async with portal.at(url) as node:
            here = Hook(crm.path, node)
            assert (await here.ask("crm.lead.list", select=["ID"])).status_code == 200
    _, name = await added(crm)
    lead = (await lead_with(crm, **{name: "сразу"}))["ID"]
    for url in urls:
        async with portal.at(url) as node:
            here = Hook(crm.path, node)
            assert (await here.result("crm.lead.get", id=lead))[name] == "сразу"
            asked = {"filter": {name: "сразу"}, "select": ["UF_*"]}
            [row] = await here.result("crm.lead.list", **asked)
            assert row[name] == "сразу"
            await here.result("crm.lead.update", id=lead, fields={name: "сразу"})


@pytest.mark.parametrize(
    ("fields", "code", "text"),
    [
        ({"USER_TYPE_ID": "string"}, "", "The 'FIELD_NAME' field is not found."),
        ({"FIELD_NAME": "A"}, "", "The 'USER_TYPE_ID' field is not found."),
        (
            {"FIELD_NAME": "A" * 44, "USER_TYPE_ID": "string"},
            "ERROR_CORE",
            "Field name is too long (more than 50 characters).",
        ),
        (
            {"FIELD_NAME": "ПОЛЕ", "USER_TYPE_ID": "string"},
            "ERROR_CORE",
            "Field name contains invalid characters. Allowed characters are: A-Z, 0-9 and _.",
        ),
        (
            {"FIELD_NAME": SQL[:20], "USER_TYPE_ID": "string"},
            "ERROR_CORE",
            "Field name contains invalid characters. Allowed characters are: A-Z, 0-9 and _.",
        ),
        (
            {"FIELD_NAME": "A", "USER_TYPE_ID": "nope"},
            "ERROR_CORE",
            "Invalid custom type specified.",
        ),
        (
            {"FIELD_NAME": "A", "USER_TYPE_ID": "file"},
            "ERROR_CORE",
            "Invalid custom type specified.",
        ),
        (
            {
                "FIELD_NAME": "A",
                "USER_TYPE_ID": "enumeration",
                "LIST": [{"VALUE": "а", "XML_ID": "x"}, {"VALUE": "б", "XML_ID": "x"}],
            },
            "ERROR_CORE",
            "List item with XML_ID=x already exists.",
        ),
    ],
)
async def test_a_wrong_field_is_refused_in_the_documented_words(
    crm: Hook, fields: dict[str, Any], code: str, text: str
) -> None:
    assert await crm.error("crm.lead.userfield.add", fields=fields) == (400, code, text)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SORT", "много"),
        ("SETTINGS", {"DEFAULT_VALUE": "двенадцать"}),
        ("LIST", "x"),
        ("LIST", [1, 2]),
        ("LABEL", "x" * 300),
        ("XML_ID", "x" * 300),
    ],
)
async def test_what_is_no_value_of_a_field_is_refused(crm: Hook, name: str, value: object) -> None:
    kind = "enumeration" if name == "LIST" else "integer"
    fields = {"FIELD_NAME": new_name(), "USER_TYPE_ID": kind, name: value}
    status, code, text = await crm.error("crm.lead.userfield.add", fields=fields)
    assert (status, code in {"", "ERROR_CORE"}, bool(text)) == (400, True, True)


async def test_a_name_is_given_once(crm: Hook) -> None:
    _, name = await added(crm)
    fields = {"FIELD_NAME": name.lower(), "USER_TYPE_ID": "string"}
    status, code, text = await crm.error("crm.lead.userfield.add", fields=fields)
    assert (status, code, name in text) == (400, "ERROR_CORE", True)


async def test_only_administrators_change_fields(portal: TestPortal, crm: Hook) -> None:
    field, _ = await added(crm)
    email = f"u{secrets.token_hex(5)}@{portal.label}.example"
    body = {"email": email, "password": PASSWORD}
    user = (await portal.client.post("/api/v1/users", json=body)).json()["id"]
    async with hook(portal, "crm", user_id=user) as theirs:
        fields = {"FIELD_NAME": new_name(), "USER_TYPE_ID": "string"}
        for method in ("add", "update", "delete"):
            asked = {"id": field, "fields": fields}
            refused = await theirs.error(f"crm.lead.userfield.{method}", **asked)
            assert refused == (403, "", "Access denied.")
        assert (await theirs.result("crm.lead.userfield.get", id=field))["ID"] == str(field)


@pytest.mark.parametrize("method", ["get", "update", "delete"])
async def test_an_id_that_is_none_is_refused(crm: Hook, method: str) -> None:
    for wrong in (None, 0, SQL, "9" * 40):
        refused = await crm.error(f"crm.lead.userfield.{method}", id=wrong)
        assert refused == (400, "", "ID is not defined or invalid.")


async def test_a_value_that_is_none_is_refused_by_name(crm: Hook) -> None:
    for kind in ("integer", "double", "date", "datetime", "employee", "enumeration", "crm"):
        _, name = await added(crm, kind)
        fields = {"TITLE": "а", name: SQL}
        status, code, text = await crm.error("crm.lead.add", fields=fields)
        assert (status, code, name in text) == (400, "", True), (kind, text)


async def test_a_field_that_must_be_filled_in_must(new_portal: SignUp) -> None:
    portal = await new_portal(locale="ru")
    async with hook(portal, "crm") as crm:
        _, name = await added(crm, MANDATORY="Y")
        status, code, text = await crm.error("crm.lead.add", fields={"TITLE": "а"})
        assert (status, code, name.removeprefix("UF_CRM_") in text) == (400, "", True)
        assert (await lead_with(crm, **{name: "б"}))[name] == "б"


async def test_types_and_settings_are_described(crm: Hook) -> None:
    types = await crm.result("crm.userfield.types")
    assert [row["ID"] for row in types] == [kind.value for kind in FieldType]
    assert types[0]["title"] == "Строка"
    for row in types:
        answer = await crm.result("crm.userfield.settings.fields", type=row["ID"])
        assert isinstance(answer, dict | list)
    double = await crm.result("crm.userfield.settings.fields", type="double")
    assert {name: row["type"] for name, row in double.items()} == {
        "DEFAULT_VALUE": "double",
        "PRECISION": "int",
    }
    refused = await crm.error("crm.userfield.settings.fields")
    assert refused == (400, "", "Parameter 'type' is not specified or empty.")
    fields = await crm.result("crm.userfield.fields")
    assert fields["ID"] == {"type": "int", "title": "ID", "isReadOnly": True}
    assert len(fields) == 19
    item = await crm.result("crm.userfield.enumeration.fields")
    assert item["DEL"]["type"] == "string"
