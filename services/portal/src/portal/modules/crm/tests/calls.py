"""What tests of leads ask again and again."""

from typing import Any

from testkit.portals import TestPortal

LEADS = "/api/v1/crm/leads"


async def created(portal: TestPortal, **fields: Any) -> dict[str, Any]:
    answer = await portal.client.post(LEADS, json={"title": "Заявка", **fields})
    assert answer.status_code == 201, answer.text
    lead: dict[str, Any] = answer.json()
    return lead


async def listed(portal: TestPortal, **query: Any) -> list[dict[str, Any]]:
    """Walk the whole list, page by page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        asked = {**query, **({"cursor": cursor} if cursor else {})}
        answer = await portal.client.get(LEADS, params=asked)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            return found
