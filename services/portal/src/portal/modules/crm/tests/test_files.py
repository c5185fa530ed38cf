"""Leads as files over HTTP, on the running cluster: imports by the worker, exports as a stream."""

import asyncio
import csv
import io
import secrets
import time
from typing import Any

import httpx
import pytest

from kernel.settings import Settings
from portal.modules.crm.domain.importing.limits import MOST_BYTES
from testkit.checkout import ROOT
from testkit.portals import SignUp, TestPortal

from .calls import LEADS

IMPORTS = f"{LEADS}/imports"
EXPORT = f"{LEADS}/export"
CSV = {"Content-Type": "text/csv"}
EXAMPLES = ROOT / "examples"


async def start(portal: TestPortal, data: bytes, **query: Any) -> httpx.Response:
    return await portal.client.post(IMPORTS, params=query, content=data, headers=CSV)


async def imported(
    portal: TestPortal, data: bytes, *, within_seconds: float = 60, **query: Any
) -> dict[str, Any]:
    """Import a file and wait until it is done."""
    answer = await start(portal, data, **query)
    assert answer.status_code == 202, answer.text
    return await ended(portal, answer.headers["location"], within_seconds)


async def ended(portal: TestPortal, location: str, within_seconds: float) -> dict[str, Any]:
    deadline = time.monotonic() + within_seconds
    while True:
        state: dict[str, Any] = (await portal.client.get(location)).json()
        if state["state"] in {"done", "failed"}:
            return state
        assert time.monotonic() < deadline, state
        await asyncio.sleep(0.2)


async def exported(portal: TestPortal, **query: Any) -> list[dict[str, str]]:
    answer = await portal.client.get(EXPORT, params=query)
    assert answer.status_code == 200, answer.text
    text = answer.content.decode(query.get("encoding", "utf-8"))
    delimiter = {"tab": "\t"}.get(query.get("delimiter", ","), query.get("delimiter", ","))
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


@pytest.mark.feature("CRM-07")
async def test_the_example_files_are_imported_once_whatever_their_encoding(
    new_portal: SignUp,
) -> None:
    portal = await new_portal(locale="ru")
    rows = [
        ((EXAMPLES / name).read_bytes(), encoding, delimiter)
        for name, encoding, delimiter in (
            ("leads.cp1251.csv", "cp1251", ";"),
            ("leads.csv", "utf-8", ","),
        )
    ]
    results = []
    for data, encoding, delimiter in rows:
        done = await imported(portal, data)
        assert (done["state"], done["failure"], done["errors_total"]) == ("done", None, 0)
        assert (done["encoding"], done["delimiter"], done["unused_columns"]) == (
            encoding,
            delimiter,
            [],
        )
        lines = done["progress"]["lines_done"], done["progress"]["lines_total"]
        assert lines[0] == lines[1] == data.count(b"\n")
        results.append((done["progress"]["created"], done["progress"]["skipped_duplicates"]))
    assert results == [(1000, 0), (0, 1000)]
    assert len(await exported(portal)) == 1000


@pytest.mark.feature("CRM-07")
async def test_a_dry_run_shows_the_errors_by_line_in_the_readers_language(
    new_portal: SignUp,
) -> None:
    portal = await new_portal(locale="ru")
    text = (
        "Название;Телефон;Сумма;Статус;Цвет\r\n"
        "Заявка 1;8 495 123-45-67;1 000,50;Новый;синий\r\n"
        ";8 495 123-45-68;5;Новый;\r\n"
        'Заявка 3;"не\r\nномер";abc;Новый;\r\n'
        "Заявка 4;;;Несуществующий;\r\n"
        '"Заявка" 5;;;;\r\n'
        "\r\n"
        "Заявка 7;8 495 123-45-69;7;в работе;\r\n"
    )
    data = text.encode("cp1251").replace("Заявка 4".encode("cp1251"), b"\x98")
    done = await imported(portal, data, dry_run=True)
    assert (done["state"], done["dry_run"], done["encoding"]) == ("done", True, "cp1251")
    assert (done["progress"]["created"], done["progress"]["failed"]) == (2, 4)
    assert done["unused_columns"] == ["Цвет"]
    assert [(e["line"], e["column"], e["code"]) for e in done["errors"]["items"]] == [
        (3, "Название", "import-title-missing"),
        (4, "Телефон", "import-phone-malformed"),
        (4, "Сумма", "import-amount-malformed"),
        (6, None, "import-row-undecodable"),
        (7, None, "import-row-malformed"),
    ]
    assert done["errors"]["items"][2]["message"] == "abc — не сумма."
    assert await exported(portal) == []


async def test_the_errors_of_an_import_come_in_pages(new_portal: SignUp) -> None:
    portal = await new_portal()
    answer = await start(portal, b"title;amount\n" + b"x;?\n" * 7, dry_run=True)
    location = answer.headers["location"]
    await ended(portal, location, 60)
    lines: list[int] = []
    query: dict[str, Any] = {"limit": 3}
    while query.get("cursor", "") is not None:
        errors = (await portal.client.get(location, params=query)).json()["errors"]
        lines += [error["line"] for error in errors["items"]]
        query["cursor"] = errors["next"]
    assert lines == list(range(2, 9))


async def test_an_import_says_what_it_was_told_where_a_row_says_nothing(
    new_portal: SignUp,
) -> None:
    portal = await new_portal(locale="de")
    data = b"Titel;Quelle\nAnfrage 1;\nAnfrage 2;Messe\n"
    await imported(portal, data, source="partner", encoding="utf-8", delimiter=";")
    rows = await exported(portal)
    assert [(r["source"], r["status"], r["currency"]) for r in rows] == [
        ("PARTNER", "NEW", "EUR"),
        ("TRADE_SHOW", "NEW", "EUR"),
    ]
    journal = (await portal.client.get("/api/v1/changes")).json()["items"]
    told = [f for f in journal if f["entity"] == "lead"]
    assert [f["actor"] for f in told] == [portal.user_id] * 2
    assert all(f["payload"]["import_id"] for f in told)


async def test_imported_leads_are_found_by_their_numbers(new_portal: SignUp) -> None:
    portal = await new_portal(locale="ru")
    await imported(portal, "title,phone\nЗаявка,8 (495) 123-45-67\n".encode())
    query = {"phone": "+7 495 123 45 67"}
    answer = await portal.client.get("/api/v1/crm/duplicates", params=query)
    assert [d["title"] for d in answer.json()["items"]] == ["Заявка"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"phone;email\n1;2\n", "import-title-column-missing"),
        (b"\n\n\n", "import-header-missing"),
        ("title\nЗаявка\n".encode("utf-16"), "import-title-column-missing"),
    ],
)
async def test_a_file_that_is_no_list_of_leads_fails_with_the_reason(
    acme: TestPortal, data: bytes, code: str
) -> None:
    failed = await imported(acme, data)
    assert (failed["state"], failed["failure"]["code"]) == ("failed", code)
    assert failed["failure"]["message"] != code


async def test_what_cannot_be_a_file_is_refused_at_once(acme: TestPortal) -> None:
    empty = await start(acme, b"")
    assert (empty.status_code, empty.json()["code"]) == (422, "import-empty")
    json = await acme.client.post(IMPORTS, json={})
    assert (json.status_code, json.json()["code"]) == (422, "import-not-csv")
    source = await start(acme, b"title\nx\n", source="nope")
    assert (source.status_code, source.json()["code"]) == (422, "lead-source-unknown")
    lines = await start(acme, b"title\n" + b"\n" * 1_000_000)
    assert (lines.status_code, lines.json()["code"]) == (413, "import-too-many-lines")


async def test_a_file_that_is_declared_too_large_is_refused_before_it_is_sent(
    settings: Settings, acme: TestPortal
) -> None:
    reader, writer = await asyncio.open_connection(settings.door.address, settings.door.http)
    lines = (
        f"POST {IMPORTS} HTTP/1.1",
        f"Host: {acme.host}",
        f"Authorization: Bearer {acme.token}",
        "Content-Type: text/csv",
        f"Content-Length: {MOST_BYTES + 1}",
    )
    writer.write("".join(f"{line}\r\n" for line in (*lines, "")).encode())
    async with asyncio.timeout(30):
        status = await reader.readline()
    writer.close()
    assert b" 413 " in status


async def test_a_repeated_request_starts_one_import(acme: TestPortal) -> None:
    data = f"title\n{secrets.token_hex(8)}\n".encode()
    headers = {**CSV, "Idempotency-Key": secrets.token_hex(8)}
    first, again = [
        await acme.client.post(IMPORTS, content=data, headers=headers) for _ in range(2)
    ]
    assert first.status_code == again.status_code == 202
    assert first.json()["id"] == again.json()["id"]
    other = await acme.client.post(IMPORTS, content=data + b"x\n", headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_only_imports_are_shown_as_imports(acme: TestPortal, beta: TestPortal) -> None:
    answer = await start(acme, b"title\nx\n")
    location = answer.headers["location"]
    assert (await beta.client.get(location)).status_code == 404
    mail = await acme.client.get(f"{IMPORTS}/1")  # the mail that confirmed the administrator
    assert (mail.status_code, mail.json()["code"]) == (404, "import-not-found")


async def test_an_export_is_a_file_with_all_that_match(new_portal: SignUp) -> None:
    portal = await new_portal(locale="ru")
    await imported(portal, (EXAMPLES / "leads.csv").read_bytes())
    answer = await portal.client.get(EXPORT)
    assert answer.headers["content-disposition"].startswith('attachment; filename="leads-')
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    everything = await exported(portal)
    ids = [int(row["id"]) for row in everything]
    assert len(ids) == 1000
    assert ids == sorted(set(ids))
    text = (EXAMPLES / "leads.csv").read_text(encoding="utf-8")
    source = csv.DictReader(io.StringIO(text, newline=""))
    for row, original in zip(everything, source, strict=True):
        assert row["title"] == " ".join(original["title"].split())
        assert row["external_id"] == original["external_id"]
        assert row["amount"] == original["amount"]
        assert row["status"] == original["status"].upper()
    junk = await exported(portal, status="JUNK", encoding="cp1251", delimiter=";")
    assert {row["status"] for row in junk} == {"JUNK"}
    assert len(junk) == sum(row["status"] == "JUNK" for row in everything)


async def test_no_exported_cell_is_run_by_a_spreadsheet_and_an_export_comes_back(
    new_portal: SignUp,
) -> None:
    portal = await new_portal(locale="ru")
    written = {
        "title": "=HYPERLINK(A1)",
        "comment": "-1\n+2",
        "first_name": "@SUM",
        "external_id": "+x",
        "phones": [{"value": "+7 495 123-45-67"}, {"value": "8 495 765-43-21"}],
    }
    lead = (await portal.client.post(LEADS, json=written)).json()
    for delimiter in (",", ";", "tab"):
        (row,) = await exported(portal, delimiter=delimiter)
        assert (row["title"], row["first_name"]) == ("'=HYPERLINK(A1)", "'@SUM")
        assert row["phone"] == "'+7 495 123-45-67, 8 495 765-43-21"
    file = (await portal.client.get(EXPORT)).content
    await portal.client.delete(f"{LEADS}/{lead['id']}")
    done = await imported(portal, file)
    assert done["unused_columns"] == ["id", "responsible_id", "created_at", "updated_at"]
    (back,) = (await portal.client.get(LEADS)).json()["items"]
    fresh = {name: back[name] for name in ("id", "created_at", "updated_at", "moved_at")}
    assert back == {**lead, **fresh}


@pytest.mark.feature("CRM-07")
@pytest.mark.timeout(600)
async def test_a_hundred_thousand_rows_are_imported_and_not_again(new_portal: SignUp) -> None:
    portal = await new_portal(locale="ru")
    rows, repeated = 100_000, 10_000
    head = "Название;Имя;Телефон;E-mail;Сумма;Источник\r\n"
    text = head + "".join(
        f"Заявка {n};Пётр;8 495 {n:07};u{n}@example.com;{n},50;Звонок\r\n" for n in range(rows)
    )
    first = await imported(portal, text.encode("cp1251"), within_seconds=280)
    progress = first["progress"]
    assert (first["encoding"], first["delimiter"]) == ("cp1251", ";")
    assert (progress["created"], progress["skipped_duplicates"], progress["failed"]) == (rows, 0, 0)
    again = "".join(text.splitlines(keepends=True)[: repeated + 1])
    again = again.replace(",", ".").replace(";", ",").replace("\r\n", "\n")
    second = await imported(portal, again.encode(), within_seconds=280)
    progress = second["progress"]
    assert (second["encoding"], second["delimiter"]) == ("utf-8", ",")
    assert (progress["created"], progress["skipped_duplicates"]) == (0, repeated)
    assert progress["failed"] == 0
