"""The HTTP interface: status for everybody, verbs for who has the token, only the leader obeys."""

import asyncio
import json
import time
from typing import Any

import aiohttp
import pytest

from etcd import Client
from failover.admission import stated_loss
from failover.control import keys
from failover.wire import pair_from_json

from .running import PORTAL, TOKEN, WITNESS, A, B, Installation

BEARER = {"Authorization": f"Bearer {TOKEN}"}
PAIR = "/v1/pairs/1"
Json = dict[str, Any]


async def status(http: aiohttp.ClientSession, url: str) -> Json:
    async with http.get(f"{url}/v1/status") as response:
        assert response.status == 200
        read: Json = await response.json()
        return read


async def post(http: aiohttp.ClientSession, url: str, body: Json) -> tuple[int, Json]:
    async with http.post(url, json=body, headers=BEARER, allow_redirects=False) as response:
        return response.status, await response.json() if response.status != 307 else {
            "location": response.headers["Location"]
        }


async def leader(http: aiohttp.ClientSession, installation: Installation) -> str:
    """Wait until somebody leads, and return where."""
    deadline = time.monotonic() + 30
    while (found := (await status(http, installation.urls[B]))["leader"]) is None:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    url: str = found["url"]
    return url


async def test_every_site_tells_the_same_status_to_everybody(
    http: aiohttp.ClientSession, installation: Installation
) -> None:
    where = await leader(http, installation)

    for site, url in installation.urls.items():
        told = await status(http, url)
        assert told["site"] == site
        assert told["leader"]["url"] == where
        assert told["etcd"] == {"has_majority": True}
        (pair,) = told["pairs"]
        assert (pair["id"], pair["mode"], pair["term"]) == (1, "SYNC", 1)
        assert pair["serving"] == {A: A, B: B}
        assert pair["sites"][A]["database"] is None
        assert pair["nodes"] == {"live": 0, "behind": 0}


async def test_verbs_need_the_token(
    http: aiohttp.ClientSession, installation: Installation
) -> None:
    url = await leader(http, installation)
    body = {"sides": [A], "target": B, "term": 1}

    async with http.post(f"{url}{PAIR}/switch", json=body) as response:
        assert response.status == 401


async def test_a_demand_at_a_site_that_does_not_lead_is_sent_to_the_leader(
    http: aiohttp.ClientSession, installation: Installation
) -> None:
    where = await leader(http, installation)
    other = next(url for url in installation.urls.values() if url != where)

    code, answer = await post(http, f"{other}{PAIR}/resume", {"site": A, "term": 1})

    assert (code, answer["location"]) == (307, f"{where}{PAIR}/resume")


SWITCH = {"sides": [A], "target": B, "term": 1}
LOSS = stated_loss(pair_from_json({"mode": "SYNC", "term": 1, "serving": {A: A, B: B}}, 1), A)
REFUSALS: tuple[tuple[str, Json, str], ...] = (
    ("switch", SWITCH, "unknown-state"),
    ("switch", {**SWITCH, "term": 2}, "wrong-term"),
    ("switch", {**SWITCH, "target": A}, "already-there"),
    ("switch", {**SWITCH, "target": WITNESS}, "unknown-site"),
    ("suspend", {"site": A, "term": 1}, "still-serves"),
    ("suspend", {"site": "dc-c", "term": 1}, "unknown-site"),
    ("resume", {"site": A, "term": 1}, "not-suspended"),
    ("force", {"lost": A, "term": 1, "loss": LOSS}, "unknown-state"),
    ("force", {"lost": A, "term": 3, "loss": LOSS}, "wrong-term"),
    ("late/withdraw", {}, "not-withdrawable"),
)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: f"{refusal[0]}-{refusal[2]}")
async def test_a_refusal_has_a_code_and_leaves_the_record_untouched(
    http: aiohttp.ClientSession,
    installation: Installation,
    client: Client,
    refusal: tuple[str, Json, str],
) -> None:
    verb, body, code = refusal
    before = await client.find("pair/1")
    url = await leader(http, installation)

    answered, problem = await post(http, f"{url}{PAIR}/{verb}", body)

    assert (answered, problem["code"]) == (409, code)
    assert problem["detail"]
    assert await client.find("pair/1") == before


async def test_a_pair_that_does_not_exist_is_not_found(
    http: aiohttp.ClientSession, installation: Installation
) -> None:
    url = await leader(http, installation)

    answered, problem = await post(http, f"{url}/v1/pairs/9/switch", SWITCH)

    assert (answered, problem["code"]) == (404, "pair-unknown")


@pytest.mark.parametrize("change", [{"budget_seconds": 0}, {"sides": []}, {"hurry": True}])
async def test_a_malformed_demand_is_told_where(
    http: aiohttp.ClientSession, installation: Installation, change: Json
) -> None:
    url = await leader(http, installation)

    answered, problem = await post(http, f"{url}{PAIR}/switch", {**SWITCH, **change})

    assert answered == 422
    assert problem["errors"]


async def test_a_portal_is_shown_and_its_switch_may_be_tried(
    http: aiohttp.ClientSession, installation: Installation, client: Client
) -> None:
    url = await leader(http, installation)
    before = await client.find(f"portal/{PORTAL}")
    async with http.get(f"{url}/v1/portals/{PORTAL}", headers=BEARER) as response:
        portal = await response.json()
    assert portal == {
        "id": "77",
        "host": "acme",
        "pair": 1,
        "home": A,
        "epoch": 3,
        "state": "active",
        "target": None,
    }

    wanted = {"target": B, "epoch": 3, "dry_run": True}
    answered, answer = await post(http, f"{url}/v1/portals/{PORTAL}/switch", wanted)
    assert (answered, answer) == (200, {"why": "the portal goes to dc-b: its requests are held"})

    stale = {**wanted, "epoch": 2, "dry_run": False}
    answered, problem = await post(http, f"{url}/v1/portals/{PORTAL}/switch", stale)
    assert (answered, problem["code"]) == (409, "wrong-term")
    assert await client.find(f"portal/{PORTAL}") == before


async def test_a_portal_that_does_not_exist_is_not_found(
    http: aiohttp.ClientSession, installation: Installation
) -> None:
    url = await leader(http, installation)
    wanted = {"target": B, "epoch": 3}

    answered, problem = await post(http, f"{url}/v1/portals/78/switch", wanted)

    assert (answered, problem["code"]) == (404, "portal-unknown")


async def test_what_is_seen_is_measured(
    http: aiohttp.ClientSession, installation: Installation
) -> None:
    await leader(http, installation)
    missing = {
        'failover_mode{mode="SYNC",pair="1"} 1.0',
        'failover_term{pair="1"} 1.0',
        "failover_etcd_has_majority 1.0",
        'failover_problem{code="agent-silent",pair="1",urgency="ticket"} 0.0',
    }
    deadline = time.monotonic() + 30  # it is measured once a second
    while missing:
        assert time.monotonic() < deadline, missing
        async with http.get(f"{installation.urls[A]}/metrics") as response:
            text = await response.text()
        missing = {line for line in missing if line not in text}
        await asyncio.sleep(0.1)


async def test_no_secret_is_ever_logged(
    http: aiohttp.ClientSession, installation: Installation
) -> None:
    await leader(http, installation)

    for site in installation.urls:
        assert TOKEN not in installation.log(site).read_text(encoding="utf-8")


async def test_who_ends_in_order_leaves_the_lead_to_another_at_once(
    http: aiohttp.ClientSession, installation: Installation, client: Client
) -> None:
    where = await leader(http, installation)
    site = next(site for site, url in installation.urls.items() if url == where)
    ended_at = time.monotonic()

    assert await asyncio.to_thread(installation.services[site].terminate) == 0

    left = await client.find(keys.LEADER)
    assert left is None or json.loads(left.value)["url"] != where, "its lease was left to run out"
    other = next(url for name, url in installation.urls.items() if name != site)
    while (found := (await status(http, other))["leader"]) is None or found["url"] == where:
        assert time.monotonic() - ended_at < 30
        await asyncio.sleep(0.05)
    lines = installation.log(site).read_text(encoding="utf-8").splitlines()
    installation.services[site].start()
    assert not [line for line in lines if json.loads(line)["level"] == "error"]
