"""The compatible surface as its clients meet it: the front door, two nodes, a database."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from kernel.settings import Settings
from testkit.harm import Harm
from testkit.plans import lift_limits
from testkit.portals import SignUp, TestPortal, client_of, door_url, node_urls

from .test_dispatch import error_of

SCOPES = ["crm", "user"]
BURST, PER_SECOND = 50, 2  # of the free plan
BACK_WITHIN_SECONDS = 90
REQUESTS, ATTEMPTS, ALONE_SECONDS = 120, 4, 6


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook of a portal's administrator, and a client of its own."""

    portal: TestPortal
    path: str = field(repr=False)
    client: httpx.AsyncClient = field(repr=False)

    async def call(self, method: str, parameters: Any = None) -> httpx.Response:
        return await self.client.post(self.path + method, json=parameters or {})

    async def result(self, method: str, parameters: Any = None) -> Any:
        answer = await self.call(method, parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]


async def made(portal: TestPortal, scopes: list[str] | None = None) -> str:
    """Make a webhook and return the path before its methods."""
    answer = await portal.client.post("/api/v1/webhooks", json={"scopes": scopes or SCOPES})
    assert answer.status_code == 201, answer.text
    return httpx.URL(answer.json()["url"]).path


@pytest.fixture(scope="module")
async def webhook(settings: Settings, new_portal: SignUp) -> AsyncIterator[Webhook]:
    portal = await new_portal()
    await asyncio.to_thread(lift_limits, settings, portal.id, portal.home_dc)
    async with client_of(door_url(settings), portal.host) as client:
        yield Webhook(portal, await made(portal), client)


def batch_of(tag: str, count: int, title: str = "") -> dict[str, Any]:
    commands = {
        f"c{n}": f"crm.lead.add?fields[TITLE]={tag}-{n}{title}&fields[PHONE][0][VALUE]=%2B7900{n:07}"
        for n in range(count)
    }
    return {"halt": 0, "cmd": commands}


async def titles(webhook: Webhook, tag: str) -> Counter[str]:
    """Return the titles that begin so, paging as the fast clients do."""
    found: Counter[str] = Counter()
    after = 0
    while True:
        page = await webhook.result(
            "crm.lead.list",
            {
                "filter": {">ID": after, "=%TITLE": f"{tag}-%"},
                "order": {"ID": "ASC"},
                "select": ["ID", "TITLE"],
                "start": -1,
            },
        )
        found.update(lead["TITLE"] for lead in page)
        if len(page) < 50:
            return found
        after = int(page[-1]["ID"])


async def test_leads_are_made_by_a_batch_and_listed(webhook: Webhook) -> None:
    result = await webhook.result("batch", batch_of("made", 50))
    assert result["result_error"] == []
    assert len(set(result["result"].values())) == 50
    assert set((await titles(webhook, "made")).values()) == {1}
    counted = (await webhook.call("crm.lead.list", {"filter": {"=%TITLE": "made-%"}})).json()
    assert (counted["total"], len(counted["result"])) == (50, 50)


async def test_a_failed_command_is_undone_alone(webhook: Webhook) -> None:
    commands = {
        "good": "crm.lead.add?fields[TITLE]=alone-1",
        "bad": f"crm.lead.add?fields[TITLE]=alone-{'x' * 2000}",
        "none": "crm.lead.delete?id=999999999",
        "last": "crm.lead.add?fields[TITLE]=alone-2",
    }
    result = await webhook.result("batch", {"cmd": commands})
    assert set(result["result"]) == {"good", "last"}
    assert set(await titles(webhook, "alone")) == {"alone-1", "alone-2"}


async def test_a_batch_repeated_with_its_key_does_nothing_twice(webhook: Webhook) -> None:
    key = {"Idempotency-Key": "a-batch-of-mine"}
    url, body = f"{webhook.path}batch", batch_of("once", 25)
    answers = [await webhook.client.post(url, json=body, headers=key) for _ in range(3)]
    assert len({str(answer.json()["result"]) for answer in answers}) == 1
    assert set((await titles(webhook, "once")).values()) == {1}


async def test_a_write_by_get_of_16_kilobytes_is_done(webhook: Webhook) -> None:
    answer = await webhook.client.get(
        f"{webhook.path}crm.lead.add", params={"fields[TITLE]": "get-1", "x": "я" * 2_700}
    )
    assert len(str(answer.request.url)) > 16_000
    assert isinstance(answer.json()["result"], int)


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"x" * 10_000_000, "application/json", 413),
        (b"[" * 10_000 + b"]" * 10_000, "application/json", 400),
        (b"a" + b"[b]" * 10_000 + b"=1", "application/x-www-form-urlencoded", 400),
        ("fields[TITLE]=Привет".encode("cp1251"), "application/x-www-form-urlencoded", 400),
        ('{"fields":{"TITLE":"Привет"}}'.encode("cp1251"), "application/json", 400),
    ],
)
async def test_bad_input_is_a_documented_error(
    webhook: Webhook, content: bytes, kind: str, status: int
) -> None:
    answer = await webhook.client.post(
        f"{webhook.path}crm.lead.add", content=content, headers={"Content-Type": kind}
    )
    assert error_of(answer) == (status, "INVALID_REQUEST")


async def test_a_host_that_is_no_portal_fails_in_the_same_shape(settings: Settings) -> None:
    async with client_of(door_url(settings), f"nobody.{settings.base_domain}") as client:
        assert error_of(await client.get("/rest/1/x/profile")) == (404, "PORTAL_DELETED")


async def test_a_webhook_opens_its_own_portal_only(webhook: Webhook, acme: TestPortal) -> None:
    for method in ("profile", "crm.lead.list", "no.such.method"):
        answer = await acme.client.get(webhook.path + method)
        assert error_of(answer) == (401, "INVALID_CREDENTIALS")


async def until_back(settings: Settings, dc: str, number: int) -> None:
    """Wait until a web node that was killed serves, and its balancer knows."""
    ready = f"{node_urls(settings, dc)[number - 1]}/readyz"
    stats = f"http://{settings.site(dc).address}:{settings.ports.balancer_stats}/;csv"
    up = re.compile(rf"^nodes,portal-{number},.*\bUP\b", re.MULTILINE)
    async with asyncio.timeout(BACK_WITHIN_SECONDS), httpx.AsyncClient(trust_env=False) as client:
        while True:
            with suppress(httpx.TransportError):
                is_ready = (await client.get(ready)).status_code == 200
                if is_ready and up.search((await client.get(stats)).text):
                    return
            await asyncio.sleep(0.2)


@pytest.fixture
def two_nodes(settings: Settings) -> None:
    if settings.datacentres[0].web_nodes == 1:
        pytest.skip("the box has one web node")


@pytest.mark.usefixtures("two_nodes")
async def test_batches_are_done_once_while_web_nodes_are_killed(
    settings: Settings, webhook: Webhook, harm: Harm
) -> None:
    home = webhook.portal.home_dc

    async def work(worker: int) -> None:
        for number in range(6):
            result = await webhook.result("batch", batch_of(f"kill-{worker}.{number}", 40))
            assert result["result_error"] == []

    async def kill() -> None:
        for number in (1, 2):
            await asyncio.sleep(1.0)
            assert await harm.kill(f"portal-{number}", home) == 1
            await until_back(settings, home, number)

    await asyncio.gather(kill(), *(work(n) for n in range(4)))
    found = await titles(webhook, "kill")
    assert len(found) == 4 * 6 * 40
    assert set(found.values()) == {1}


@pytest.fixture
async def limited(settings: Settings, new_portal: SignUp) -> AsyncIterator[Webhook]:
    """Of a portal with the free plan."""
    portal = await new_portal()
    async with client_of(door_url(settings), portal.host) as client:
        yield Webhook(portal, await made(portal), client)


async def test_the_nodes_of_a_datacentre_count_requests_of_an_address_together(
    settings: Settings, limited: Webhook
) -> None:
    """A node that gets no answer of memcached for a moment counts alone for some seconds."""
    urls = node_urls(settings, limited.portal.home_dc)

    async def ask(number: int, address: str) -> tuple[int, str]:
        transport = httpx.AsyncHTTPTransport(local_address=address)
        headers = {"Host": limited.portal.host}
        async with httpx.AsyncClient(transport=transport, headers=headers, timeout=30) as client:
            answer = await client.get(f"{urls[number % len(urls)]}{limited.path}scope")
            return (200, "") if answer.status_code == 200 else error_of(answer)

    async def admitted(address: str) -> tuple[int, float]:
        """Return how many were admitted, and how many may be."""
        began = time.monotonic()
        answers = Counter(await asyncio.gather(*(ask(n, address) for n in range(REQUESTS))))
        assert answers.keys() <= {(200, ""), (503, "QUERY_LIMIT_EXCEEDED")}
        return answers[200, ""], BURST + PER_SECOND * (time.monotonic() - began) + 1

    for attempt in range(ATTEMPTS):
        count, most = await admitted(f"127.1.2.{3 + attempt}")
        assert count >= BURST
        if count <= most < REQUESTS:
            break
        await asyncio.sleep(ALONE_SECONDS)
    assert count <= most < REQUESTS
    assert await ask(0, "127.1.2.2") == (200, "")


def lines_of(settings: Settings) -> Iterator[str]:
    for path in (settings.var / "log").rglob("*"):
        with suppress(FileNotFoundError):  # it was just put aside
            if path.is_file():
                yield path.read_text(encoding="utf-8", errors="replace")


async def test_no_code_is_written_to_any_log(settings: Settings, webhook: Webhook) -> None:
    code = webhook.path.strip("/").split("/")[-1]
    await webhook.call("crm.lead.list", {"filter": {"ID": "x"}})
    await webhook.client.get(f"/rest/1/{code}x/profile?auth={code}")
    assert not [text for text in lines_of(settings) if code in text]
