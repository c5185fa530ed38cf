"""The routing service as its clients see it: pages of routes, a stream of changes, one host at a time."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import quote

import aiohttp
import orjson

from routes.records import Json, Route

PAGE_ROUTES = 1000
CONNECT_SECONDS = 0.5
PAGE_SECONDS = 5.0
ROUTE_SECONDS = 0.5  # two services can be asked within the second that a miss may take
CONFIRMATION_SECONDS = 0.5
SILENCE_SECONDS = 5.0  # the service sends a heartbeat every two
CONNECTIONS = 16


class SourceError(Exception):
    """The routing service does not answer, or not as it should: try another one."""


class Source:
    """The routing services of the installation; the nearest comes first until it fails."""

    def __init__(self, session: aiohttp.ClientSession, urls: Sequence[str]) -> None:
        self._session = session
        self._urls = tuple(urls)
        self._first = 0

    @classmethod
    @asynccontextmanager
    async def connect(cls, urls: Sequence[str], token: str) -> AsyncIterator[Self]:
        """Open a client; nothing is sent yet."""
        headers = {"Authorization": f"Bearer {token}"}
        connector = aiohttp.TCPConnector(limit=CONNECTIONS)
        async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
            yield cls(session, urls)

    @property
    def url(self) -> str:
        """The service in use."""
        return self._urls[self._first]

    def avoid(self, url: str) -> None:
        """Use the next one from now on: this one just failed."""
        self._first = (self._urls.index(url) + 1) % len(self._urls)

    async def page(self, url: str, after: str | None) -> Json:
        """Return one page of a full snapshot."""
        query = {"limit": str(PAGE_ROUTES)} | ({"after": after} if after else {})
        status, answer = await self._get(f"{url}/v1/routes", query, PAGE_SECONDS)
        if status != HTTPStatus.OK:
            raise SourceError(f"{url}: routes: status {status}")
        page: Json = answer
        return page

    async def find_route(self, host: str) -> Route | None:
        """Ask for one host, now; ``None`` if there is no such portal."""
        failures = []
        for url in self._urls[self._first :] + self._urls[: self._first]:
            try:
                status, answer = await self._get(f"{url}/v1/hosts/{quote(host)}", {}, ROUTE_SECONDS)
            except SourceError as error:
                failures.append(str(error))
                continue
            if status == HTTPStatus.OK:
                return Route.from_json(answer)
            if status == HTTPStatus.NOT_FOUND:
                return None
            failures.append(f"{url}: status {status}")
        raise SourceError("; ".join(failures))

    async def confirm(self, node: str, revision: int) -> int:
        """Tell the nearest service that answers up to where the node knows all routes.

        Returns the revision of the newest change that the service knows; 0 if it does not say.
        """
        answer = await self._tell("PUT", f"/v1/nodes/{node}", {"revision": revision})
        return int(
            answer.get("newest", 0)
        )  # a service of the version before answers without a body

    async def withdraw(self, node: str) -> None:
        """Say that the node serves nothing any more."""
        await self._tell("DELETE", f"/v1/nodes/{node}", None)

    async def _tell(self, verb: str, path: str, content: Json | None) -> Json:
        timeout = aiohttp.ClientTimeout(total=CONFIRMATION_SECONDS)
        failures = []
        for url in self._urls:
            try:
                async with self._session.request(
                    verb, url + path, json=content, timeout=timeout
                ) as response:
                    if response.ok:
                        answer: Json = orjson.loads(await response.read() or b"{}")
                        return answer
                    failures.append(f"{url}: status {response.status}")
            except (aiohttp.ClientError, TimeoutError) as error:
                failures.append(f"{url}: {error or type(error).__name__}")
        raise SourceError("; ".join(failures))

    def watch(
        self, url: str, revision: int, history: str
    ) -> AbstractAsyncContextManager[AsyncIterator[Json]]:
        """Open the changes from ``revision`` on, that one included; the stream ends only by failing."""
        return self._watch(url, {"revision": str(revision), "history": history})

    @asynccontextmanager
    async def _watch(self, url: str, query: Json) -> AsyncIterator[AsyncIterator[Json]]:
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_SECONDS, sock_read=SILENCE_SECONDS
        )
        try:
            response = await self._session.get(f"{url}/v1/watch", params=query, timeout=timeout)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise SourceError(f"{url}: watch: {error or type(error).__name__}") from error
        try:
            if response.status != HTTPStatus.OK:
                raise SourceError(f"{url}: watch: status {response.status}")
            async with aclosing(_lines(url, response)) as lines:
                yield lines
        finally:
            response.close()

    async def _get(self, address: str, query: Json, seconds: float) -> tuple[int, Any]:
        timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS)
        try:
            async with self._session.get(address, params=query, timeout=timeout) as response:
                return response.status, orjson.loads(await response.read())
        except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError) as error:
            raise SourceError(f"{address}: {error or type(error).__name__}") from error


async def _lines(url: str, response: aiohttp.ClientResponse) -> AsyncGenerator[Json, None]:
    try:
        async for line in response.content:
            yield orjson.loads(line)
    except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError) as error:
        raise SourceError(f"{url}: watch: {error or type(error).__name__}") from error
    raise SourceError(f"{url}: watch: ended")
