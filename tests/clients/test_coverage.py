"""How many of the methods that we mean to have are there, and that none of them says so falsely."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest

from kernel.settings import Settings
from testkit.portals import SignUp, client_of, door_url

from .conftest import Report
from .connection import Connection, Json, connect

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
async def connection(settings: Settings, new_portal: SignUp) -> Connection:
    return await connect(settings, new_portal, unlimited=True)


@pytest.fixture(scope="module")
async def anybody(settings: Settings, connection: Connection) -> AsyncIterator[httpx.AsyncClient]:
    """A client that has no token."""
    async with client_of(door_url(settings), connection.portal.host) as client:
        yield client


@pytest.fixture(scope="module")
async def rows(anybody: httpx.AsyncClient) -> Sequence[Json]:
    """Every documented method that we mean to have, and its state."""
    page = await anybody.get("/rest/methods")
    found: Sequence[Json] = page.raise_for_status().json()["methods"]
    return found


async def test_the_methods_that_are_there_are_counted(rows: Sequence[Json], report: Report) -> None:
    parts = Counter(row["part"] for row in rows)
    there = Counter(row["part"] for row in rows if row["state"] != "not yet")
    report(f"methods: {there.total()} of {parts.total()} work")
    for part, number in parts.items():
        if there[part]:
            report(f"  {part:<20} {there[part]:>3} of {number}")
    assert there["crm.lead"] > 0


async def test_what_is_not_there_yet_says_so(
    anybody: httpx.AsyncClient, connection: Connection, rows: Sequence[Json]
) -> None:
    for method in (row["method"] for row in rows if row["state"] == "not yet"):
        answer = await anybody.post(f"{connection.path}{method}", json={})
        assert answer.status_code == 404, method
        assert answer.json()["error"] == "ERROR_METHOD_NOT_FOUND", method
