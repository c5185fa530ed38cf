"""fast-bitrix24 as it is on PyPI, over plain http: what it writes and reads is what the native API has."""

import asyncio
import json
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import pytest

from console.demo.sabotage import Saboteur
from kernel.settings import Settings
from testkit.harm import Harm
from testkit.portals import SignUp

from .conftest import Report
from .connection import Connection, Json, connect
from .driver import HERE, PYTHON, Answer, Driver
from .scale import FULL, LEADS, only_in_full

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1200)]
SELECT = ["ID", "TITLE", "OPPORTUNITY", "STATUS_ID", "PHONE"]
ADVICE = ("list_and_get() is deprecated", "It's better to use get_all()")


class FastBitrix:
    """The library, called as its users call it."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    async def __call__(self, name: str, *words: Any, **named: Any) -> Any:
        """Call a method of ``BitrixAsync``; it must not have anything to warn of but its own use."""
        answer: Answer = await self._driver.answer({"call": name, "with": words, "named": named})
        assert [w for w in answer.warnings if not w.startswith(ADVICE)] == []
        return answer.result


def command() -> list[Any]:
    return [PYTHON, HERE / "drivers" / "fast_bitrix24_driver.py"]


def options(connection: Connection) -> str:
    """Return the arguments of the library's client: as fast as it can where nothing limits it."""
    pace: Json = {"request_pool_size": 50, "requests_per_second": 2.0}
    if FULL:
        pace = {"request_pool_size": 10**6, "operating_time_limit": 10**9}
    return json.dumps({"webhook": connection.http_url, "verbose": False, **pace})


@pytest.fixture(scope="module")
async def connection(settings: Settings, new_portal: SignUp) -> Connection:
    return await connect(settings, new_portal, unlimited=FULL)


@pytest.fixture(scope="module")
async def fast(settings: Settings, connection: Connection) -> AsyncIterator[FastBitrix]:
    async with Driver.started(settings, command(), options(connection)) as driver:
        yield FastBitrix(driver)


def title(number: int) -> str:
    """Return what is hard to spell in a query."""
    return f"Лид {number}: 50 % + [VIP] & «Ко» = ?"


def fields(number: int) -> Json:
    """Return a lead; every one is another."""
    return {
        "TITLE": title(number),
        "OPPORTUNITY": f"{number}.25",
        "PHONE": [{"VALUE": f"+7495{number:07}", "VALUE_TYPE": "WORK"}],
    }


@pytest.fixture(scope="module")
async def leads(fast: FastBitrix, report: Report) -> Sequence[str]:
    """The ids of the leads that the client has made, in the order of its items."""
    began = time.monotonic()
    made = await fast("call", "crm.lead.add", [{"fields": fields(n)} for n in range(LEADS)])
    pace = LEADS / (time.monotonic() - began)
    report(f"fast-bitrix24: {LEADS} leads made by batch, {pace:.0f} a second")
    assert len(set(made)) == len(made) == LEADS
    assert {type(lead) for lead in made} == {int}
    return [str(lead) for lead in made]


def told(lead: Json) -> tuple[str, str, float]:
    """Return what both sides tell of a lead, from the client's."""
    return lead["ID"], lead["TITLE"], float(lead["OPPORTUNITY"])


def natively(lead: Json) -> tuple[str, str, float]:
    """Return the same from the native side."""
    return str(lead["id"]), lead["title"], float(lead["amount"])


async def test_what_was_made_by_batch_is_there_once_and_as_it_was_sent(
    connection: Connection, leads: Sequence[str]
) -> None:
    found = await connection.leads()

    assert set(found) == set(leads)
    wanted = Counter(title(n) for n in range(LEADS))
    assert Counter(lead["title"] for lead in found.values()) == wanted
    for lead in found.values():
        number = math.floor(float(lead["amount"]))
        assert lead["title"] == title(number)
        assert [phone["value"] for phone in lead["phones"]] == [f"+7495{number:07}"]


async def by_pages(fast: FastBitrix) -> list[Json]:
    return list(await fast("get_all", "crm.lead.list", {"select": SELECT}))


async def by_ids(fast: FastBitrix, leads: Sequence[str]) -> list[Json]:
    found = await fast("get_by_ID", "crm.lead.get", leads)
    assert set(found) == set(leads)
    return list(found.values())


async def by_list_and_get(fast: FastBitrix) -> list[Json]:
    return list((await fast("list_and_get", "crm.lead")).values())


async def by_starts(fast: FastBitrix) -> list[Json]:
    order = {"select": SELECT, "order": {"ID": "ASC"}}
    starts = [{"start": start, **order} for start in range(0, LEADS, 50)]
    return list(await fast("call", "crm.lead.list", starts))


async def by_raw_calls(fast: FastBitrix) -> list[Json]:
    found: list[Json] = []
    start: int | None = 0
    while start is not None:
        asked = {"select": SELECT, "order": {"ID": "ASC"}, "start": start}
        page = await fast("call", "crm.lead.list", asked, raw=True)
        assert page["total"] == LEADS
        found += page["result"]
        start = page.get("next")
    return found


async def test_all_its_ways_of_reading_find_the_same_as_the_native_api(
    fast: FastBitrix, connection: Connection, leads: Sequence[str]
) -> None:
    wanted = {natively(lead) for lead in (await connection.leads()).values()}
    ways: list[Callable[[FastBitrix], Awaitable[list[Json]]]]
    ways = [by_pages, partial(by_ids, leads=leads), by_list_and_get, by_starts]
    if FULL:  # 200 requests, which the usual plan lets nobody make at once
        ways.append(by_raw_calls)
    for way in ways:
        found = await way(fast)
        assert len(found) == LEADS, way
        assert {told(lead) for lead in found} == wanted, way


async def test_filters_find_what_they_say(fast: FastBitrix, leads: Sequence[str]) -> None:
    half = LEADS // 2
    for conditions, number in (
        ({">=OPPORTUNITY": half, "<OPPORTUNITY": half + 100}, 100),
        ({"%TITLE": "Лид 17: 50 % +"}, 1),
        ({"=STATUS_ID": "NEW", "@ID": leads[:7]}, 7),
        ({"!STATUS_ID": "NEW"}, 0),
        ({"PHONE": "+74950000003"}, 1),
        ({">ID": max(map(int, leads))}, 0),
    ):
        wanted = {"select": ["ID"], "filter": conditions}
        assert len(await fast("get_all", "crm.lead.list", wanted)) == number, conditions


async def test_changes_and_deletions_are_all_done(
    fast: FastBitrix, connection: Connection, leads: Sequence[str]
) -> None:
    changes = [
        {"ID": lead, "fields": {"TITLE": f"Изменён {lead}", "STATUS_ID": "IN_PROCESS"}}
        for lead in leads
    ]
    assert set(await fast("call", "crm.lead.update", changes)) == {True}
    found = await connection.leads()
    assert {(lead["title"], lead["status"]) for lead in found.values()} == {
        (f"Изменён {lead}", "IN_PROCESS") for lead in leads
    }

    gone = await fast("get_by_ID", "crm.lead.delete", leads)
    assert set(gone) == set(leads)
    assert set(gone.values()) == {True}
    assert await connection.leads() == {}


@only_in_full
async def test_a_web_node_that_is_killed_costs_no_lead_and_makes_none_twice(
    settings: Settings, new_portal: SignUp, harm: Harm
) -> None:
    connection = await connect(settings, new_portal, unlimited=True)
    home = connection.portal.home_dc
    async with Driver.started(settings, command(), options(connection)) as driver:
        fast = FastBitrix(driver)
        for node in ("portal-1", "portal-2"):
            before = len(await connection.leads())
            work = asyncio.create_task(
                fast("call", "crm.lead.add", [{"fields": fields(before + n)} for n in range(LEADS)])
            )
            await until_more(harm, connection, before + LEADS // 4)
            assert await harm.kill(node, home) == 1
            made = await work

            found = await connection.leads()
            assert len(set(made)) == LEADS
            assert len(found) == before + LEADS
            twice = Counter(lead["title"] for lead in found.values())
            assert [title for title, times in twice.items() if times > 1] == []
            await harm.until_all_healthy()

        reading = asyncio.create_task(by_pages(fast))
        await asyncio.sleep(0.3)
        assert await harm.kill("portal-1", home) == 1
        wanted = {natively(lead) for lead in (await connection.leads()).values()}
        assert {told(lead) for lead in await reading} == wanted
        await harm.until_all_healthy()


async def until_more(harm: Harm, connection: Connection, number: int) -> None:
    """Wait until the portal has so many leads."""
    inside, count = (
        Saboteur(harm.installation),
        "SELECT COUNT(*) FROM crm_leads WHERE portal_id = %s",
    )
    home, portal = connection.portal.home_dc, connection.portal.id
    async with asyncio.timeout(300):
        while (await asyncio.to_thread(inside.query, home, count, portal))[0][0] < number:
            await asyncio.sleep(0.2)
