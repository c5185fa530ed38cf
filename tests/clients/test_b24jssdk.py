"""@bitrix24/b24jssdk as it is on npm, in Node, over TLS: it trusts our authority and nothing else of ours."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from kernel.settings import Settings
from testkit.portals import SignUp

from .connection import Connection, connect
from .driver import HERE, Driver
from .scale import only_in_full

pytestmark = [pytest.mark.cluster, only_in_full, pytest.mark.timeout(600)]
LEADS = 230


class JsSdk:
    """The library, called as its users call it."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    async def __call__(self, call: str, **order: Any) -> Any:
        """Return what an action of the library returns."""
        return (await self._driver.answer({"call": call, **order})).result


@pytest.fixture(scope="module")
async def connection(settings: Settings, new_portal: SignUp) -> Connection:
    return await connect(settings, new_portal, unlimited=True)


@pytest.fixture(scope="module")
async def sdk(settings: Settings, connection: Connection) -> AsyncIterator[JsSdk]:
    command: list[str | Path] = ["node", HERE / "js" / "driver.mjs"]
    async with Driver.started(settings, command, connection.url) as driver:
        yield JsSdk(driver)


@pytest.fixture(scope="module")
async def leads(sdk: JsSdk) -> Sequence[int]:
    calls = [["crm.lead.add", {"fields": {"TITLE": f"Лид & {n}"}}] for n in range(LEADS)]
    made: Sequence[int] = await sdk("batchByChunk", calls=calls)
    assert len(set(made)) == LEADS
    return made


async def test_batches_make_what_the_native_api_has(
    connection: Connection, leads: Sequence[int]
) -> None:
    found = await connection.leads()

    assert {(lead, f"Лид & {n}") for n, lead in enumerate(leads)} == {
        (lead["id"], lead["title"]) for lead in found.values()
    }


async def test_lists_are_read_page_by_page_and_as_a_whole(sdk: JsSdk, leads: Sequence[int]) -> None:
    wanted = {"method": "crm.lead.list", "params": {"select": ["ID", "TITLE"]}}

    page = await sdk("call", **wanted)
    assert (page["total"], page["isMore"], len(page["result"])) == (LEADS, True, 50)
    whole = await sdk("callList", **wanted)
    assert [int(lead["ID"]) for lead in whole] == sorted(leads)
    pages = await sdk("fetchList", **wanted)
    assert [len(page) for page in pages] == [50, 50, 50, 50, 30]
    assert [lead for page in pages for lead in page] == whole


async def test_a_lead_is_changed_and_deleted_in_batches(
    sdk: JsSdk, connection: Connection, leads: Sequence[int]
) -> None:
    lead = (await sdk("call", method="crm.lead.add", params={"fields": {"TITLE": "One"}}))["result"]

    named = {
        "changed": ["crm.lead.update", {"id": lead, "fields": {"TITLE": "Two"}}],
        "read": ["crm.lead.get", {"id": lead}],
    }
    answered = await sdk("batch", calls=named)
    assert answered["changed"] is True
    assert answered["read"]["TITLE"] == "Two"
    assert (await connection.leads())[str(lead)]["title"] == "Two"
    assert await sdk("batch", calls=[["crm.lead.delete", {"id": lead}]]) == [True]
    assert str(lead) not in await connection.leads()
