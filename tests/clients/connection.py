"""A portal that integrations may use, and the same leads as the native API shows them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from kernel.settings import Settings
from testkit.plans import lift_limits
from testkit.portals import SignUp, TestPortal

SCOPES = ["crm", "user"]
PAGE = 200

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Connection:
    """A portal with a webhook of its administrator."""

    portal: TestPortal
    url: str = field(repr=False)
    http_url: str = field(repr=False)

    @property
    def path(self) -> str:
        """What stands before the method: ``/rest/1/CODE/``."""
        return httpx.URL(self.url).path

    @property
    def token(self) -> str:
        """User and code, as b24pysdk wants them: ``1/CODE``."""
        return self.path.removeprefix("/rest/").rstrip("/")

    @property
    def domain(self) -> str:
        """Host and port, for TLS."""
        return httpx.URL(self.url).netloc.decode()

    async def leads(self) -> dict[str, Json]:
        """Return all leads as the native API tells them, by their ids in the clients' form."""
        found: dict[str, Json] = {}
        cursor = None
        while True:
            asked: Json = {"limit": PAGE} | ({"cursor": cursor} if cursor else {})
            page = await self.portal.client.get("/api/v1/crm/leads", params=asked)
            page.raise_for_status()
            found |= {str(lead["id"]): lead for lead in page.json()["items"]}
            cursor = page.json()["next"]
            if cursor is None:
                return found


async def connect(
    settings: Settings,
    new_portal: SignUp,
    *,
    unlimited: bool = False,
    scopes: Sequence[str] = SCOPES,
) -> Connection:
    """Sign up a company and make a webhook; with ``unlimited`` its plan has no limits for integrations."""
    portal = await new_portal()
    if unlimited:
        await asyncio.to_thread(lift_limits, settings, portal.id, portal.home_dc)
    made = await portal.client.post("/api/v1/webhooks", json={"scopes": list(scopes)})
    assert made.status_code == 201, made.text
    return Connection(portal, made.json()["url"], made.json()["http_url"])
