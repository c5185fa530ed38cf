"""What several tests of people do over HTTP."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from testkit.portals import PASSWORD, TestPortal


def new_user(portal: TestPortal, **fields: Any) -> dict[str, Any]:
    """Return the body of somebody new."""
    email = f"u{secrets.token_hex(5)}@{portal.label}.example"
    return {"email": email, "password": PASSWORD, "first_name": "Иван", **fields}


async def added(portal: TestPortal, **fields: Any) -> dict[str, Any]:
    """Add somebody; return what was sent and what came back."""
    body = new_user(portal, **fields)
    answer = await portal.client.post("/api/v1/users", json=body)
    assert answer.status_code == 201, answer.text
    return {**body, **answer.json()}


async def log_in(portal: TestPortal, email: str, password: str = PASSWORD) -> httpx.Response:
    """Log in."""
    body = {"email": email, "password": password}
    return await portal.client.post("/api/v1/sessions", json=body)


@asynccontextmanager
async def as_(portal: TestPortal, email: str) -> AsyncIterator[httpx.AsyncClient]:
    """Lend a client that is logged in as somebody."""
    token = (await log_in(portal, email)).json()["token"]
    async with portal.at(str(portal.client.base_url), token) as client:
        yield client


async def changes_of(portal: TestPortal, entity: str, number: int) -> list[dict[str, Any]]:
    """Return what the journal tells of one thing, oldest first."""
    found, cursor, more = [], 0, True
    while more:
        params = {"since": cursor, "limit": 1000}
        page = (await portal.client.get("/api/v1/changes", params=params)).json()
        found += [c for c in page["items"] if (c["entity"], c["entity_id"]) == (entity, number)]
        cursor, more = page["cursor"], page["more"]
    return found
