"""The routing service's API as a test speaks it."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx

from kernel.ids import new_portal_id
from testkit.routing import TOKEN

PLACE = {"pair": 1, "home": "dc-a", "epoch": 1, "state": "active"}

Json = dict[str, Any]


class Api:
    """One service; ``get`` and so on return status and JSON."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def call(self, method: str, path: str, json: Json | None = None) -> tuple[int, Any]:
        answer = await self.client.request(method, path, json=json)
        return answer.status_code, answer.json() if answer.content else None

    async def get(self, path: str) -> tuple[int, Any]:
        return await self.call("GET", path)

    async def claim(self, host: str, portal: str = "", **more: Any) -> tuple[int, Any]:
        """Claim a host for a new portal at dc-a."""
        body = {"portal": portal or str(new_portal_id()), "host": host, "home": "dc-a", "saga": {}}
        return await self.call("POST", "/v1/claims", body | more)

    async def publish(self, claim: Json, **place: Any) -> tuple[int, Any]:
        _, pair = await self.get("/v1/pairs/1")
        return await self.publish_by(pair, claim, **place)

    async def publish_by(self, pair: Json, claim: Json, **place: Any) -> tuple[int, Any]:
        """Publish as of a pair that was read before."""
        body = {
            "revision": claim["revision"],
            "pair_revision": pair["revision"],
            "route": {**PLACE, **place},
            "saga": {},
        }
        return await self.call("POST", f"/v1/claims/{claim['portal']}/publication", body)

    async def found(self, host: str) -> Json:
        """Make a portal, and return its route once this service knows it."""
        portal = str(new_portal_id())
        status, claim = await self.answered(lambda: self.claim(host, portal))
        assert status == 201, claim
        status, published = await self.answered(lambda: self.publish(claim))
        assert status == 200 or published["code"] == "claim-published", published
        status, route = await self.answered(lambda: self.get(f"/v1/hosts/{host}"))
        assert status == 200, route
        await self.until_known(portal, route["revision"])
        return dict(route)

    async def answered(self, call: Callable[[], Awaitable[tuple[int, Any]]]) -> tuple[int, Any]:
        """Ask again what etcd did not answer in time, or what memory answered in its stead."""
        answer: tuple[int, Any] = (503, None)

        async def is_answered() -> bool:
            nonlocal answer
            answer = await call()
            return answer[0] != httpx.codes.SERVICE_UNAVAILABLE and not _is_from_memory(answer[1])

        await until(is_answered)
        return answer

    async def until_known(self, portal: str, revision: int) -> None:
        """Wait until memory has a portal at a revision, or a later one."""

        async def is_known() -> bool:
            _, page = await self.get(f"/v1/routes?limit=1&after={int(portal) - 1}")
            return any(p["id"] == portal and p["revision"] >= revision for p in page["portals"])

        await until(is_known)


def _is_from_memory(route: Any) -> bool:
    """Memory does not know when a portal was made."""
    return "epoch" in route and "created_at" not in route


async def until(is_so: Callable[[], Awaitable[bool]], seconds: float = 20.0) -> None:
    """Ask again until it is so; fail when the time is up."""
    deadline = time.monotonic() + seconds
    while not await is_so():
        assert time.monotonic() < deadline, f"not so after {seconds} s"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def opened(url: str, token: str = TOKEN) -> AsyncIterator[Api]:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
        yield Api(client)


def new_id() -> str:
    """A portal id as the API writes it."""
    return str(secrets.randbits(63) or 1)
