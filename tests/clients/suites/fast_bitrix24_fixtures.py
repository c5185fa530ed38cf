"""The fixtures that fast-bitrix24's own tests ask for; its source package has the tests and not these."""

import os
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from fast_bitrix24 import Bitrix, BitrixAsync

LEADS = [{"fields": {"NAME": f"Bob {number}"}} for number in range(100)]
# how fast they may be: nothing limits the portal that they work with
PACE: dict[str, Any] = {"request_pool_size": 10**6, "requests_per_second": 1000.0}


def webhook() -> str:
    """Where its tests look for it, too."""
    return os.environ["FAST_BITRIX24_TEST_WEBHOOK"]


@pytest.fixture(scope="session")
def get_test() -> Bitrix:
    """A client."""
    return Bitrix(webhook(), **PACE)


@pytest.fixture(scope="session")
def create_100_leads(get_test: Bitrix) -> Iterator[Bitrix]:
    """A client of a portal with a hundred leads."""
    made = get_test.call("crm.lead.add", LEADS)
    yield get_test
    get_test.get_by_ID("crm.lead.delete", list(made))


@pytest.fixture
def create_a_lead(get_test: Bitrix) -> Iterator[tuple[Bitrix, int]]:
    """A client and a lead."""
    made = get_test.call("crm.lead.add", {"fields": {"NAME": "Bob"}})
    yield get_test, made
    get_test.get_by_ID("crm.lead.delete", [made])


@pytest.fixture
async def create_100_leads_async() -> AsyncIterator[BitrixAsync]:
    """The same for those who wait."""
    client = BitrixAsync(webhook(), **PACE)
    made = await client.call("crm.lead.add", LEADS)
    yield client
    await client.get_by_ID("crm.lead.delete", list(made))


@pytest.fixture
def create_100_tasks(get_test: Bitrix) -> Bitrix:
    """Tasks are not there yet."""
    get_test.call("tasks.task.add", [{"fields": {"TITLE": "Task", "RESPONSIBLE_ID": 1}}])
    return get_test
