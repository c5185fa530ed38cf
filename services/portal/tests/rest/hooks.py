"""Calls of compatible methods through a webhook, on the running cluster."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from typing_extensions import override

from testkit.portals import TIMEOUT, TestPortal

# A plan lets fifty calls at once come from one address: whoever calls more often moves on to another
CALLS_FROM_ONE_ADDRESS = 40


class Wandering(httpx.AsyncBaseTransport):
    """Calls from one address after the other."""

    def __init__(self) -> None:
        self._addresses: list[httpx.AsyncHTTPTransport] = []
        self._calls = 0

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._calls % CALLS_FROM_ONE_ADDRESS == 0:
            address = ".".join(str(1 + secrets.randbelow(250)) for _ in range(3))
            self._addresses.append(httpx.AsyncHTTPTransport(local_address=f"127.{address}"))
        self._calls += 1
        return await self._addresses[-1].handle_async_request(request)

    @override
    async def aclose(self) -> None:
        for transport in self._addresses:
            await transport.aclose()


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook of a portal, and a client that knows nothing else."""

    path: str
    client: httpx.AsyncClient

    async def ask(self, method: str, **parameters: Any) -> httpx.Response:
        """Call a method."""
        return await self.client.post(f"{self.path}{method}", json=parameters)

    async def body(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method that succeeds; return the whole answer."""
        answer = await self.ask(method, **parameters)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def result(self, method: str, **parameters: Any) -> Any:
        """Call a method that succeeds; return its result."""
        return (await self.body(method, **parameters))["result"]

    async def error(self, method: str, **parameters: Any) -> tuple[int, str, str]:
        """Call a method that fails; return status, code and text."""
        answer = await self.ask(method, **parameters)
        body = answer.json()
        assert answer.status_code >= 400, body
        return answer.status_code, body["error"], body["error_description"]


@asynccontextmanager
async def hook(portal: TestPortal, *scopes: str, user_id: int | None = None) -> AsyncIterator[Hook]:
    """Make a webhook of the administrator, or of somebody else."""
    body = {"scopes": list(scopes), "user_id": user_id or portal.user_id}
    made = await portal.client.post("/api/v1/webhooks", json=body)
    assert made.status_code == 201, made.text
    path = f"/rest/{made.json()['user_id']}/{made.json()['code']}/"
    async with httpx.AsyncClient(
        base_url=portal.client.base_url,
        headers={"Host": portal.host},
        timeout=TIMEOUT,
        transport=Wandering(),
    ) as client:
        yield Hook(path, client)
