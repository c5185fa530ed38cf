"""crm.duplicate.findbycomm over HTTP, on the running cluster."""

import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest

from testkit.portals import TestPortal

from .hooks import Hook, hook


@pytest.fixture
async def crm(acme: TestPortal) -> AsyncIterator[Hook]:
    async with hook(acme, "crm") as opened:
        yield opened


async def test_duplicates_are_found_by_number_and_address(crm: Hook, acme: TestPortal) -> None:
    tail = f"{secrets.randbelow(10**7):07}"
    phone, email = f"+7 (999) {tail}", f"Dup{tail}@example.com"
    fields = {"TITLE": "а", "PHONE": [{"VALUE": phone}], "EMAIL": [{"VALUE": email}]}
    lead = await crm.result("crm.lead.add", fields=fields)
    card = {"first_name": "А", "phones": [{"value": f"8999{tail}"}]}
    contact = (await acme.client.post("/api/v1/crm/contacts", json=card)).json()["id"]

    async def found(kind: str, *values: str, **more: str) -> Any:
        return await crm.result("crm.duplicate.findbycomm", type=kind, values=values, **more)

    assert await found("PHONE", f"8 999 {tail}") == {"LEAD": [lead], "CONTACT": [contact]}
    assert await found("phone", "12345", phone, entity_type="CONTACT") == {"CONTACT": [contact]}
    assert await found("EMAIL", email.upper()) == {"LEAD": [lead]}
    assert await found("EMAIL", "nobody@example.com") == []
    assert await found("EMAIL", email, entity_type="COMPANY") == []
    assert await found("PHONE", *[str(n) for n in range(1000, 1020)], phone) == []


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({"values": ["1"]}, "Communication type is not defined"),
        (
            {"type": "WEB", "values": ["1"]},
            "Communication type 'WEB' is not supported in current context",
        ),
        ({"type": "PHONE"}, "Communication values is not defined"),
        ({"type": "PHONE", "values": []}, "Communication values is not defined"),
        ({"type": "PHONE", "values": [{"a": 1}, None]}, "Communication values is not defined"),
    ],
)
async def test_duplicates_of_nothing_are_refused(
    crm: Hook, asked: dict[str, Any], text: str
) -> None:
    assert await crm.error("crm.duplicate.findbycomm", **asked) == (400, "", text)
