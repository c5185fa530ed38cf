"""Clients' requests at the front door, and what their answers mean for a history."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp

from kernel.settings import Settings
from laboratory.history import Outcome

REQUEST_SECONDS = 20.0  # a held request may take 10
CONNECTIONS = 512

# What the product, or its balancers, say when they certainly did nothing
_NOTHING_DONE = {"stale-route", "database-unavailable", "contended", "unavailable"}


@dataclass(frozen=True, slots=True)
class Portal:
    """A portal that clients work in, and their token."""

    id: int
    host: str
    home: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client learnt: ``code`` says why it was not served."""

    outcome: Outcome
    status: int = 0
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    code: str = ""


class Door:
    """The front door, as clients reach it."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:
        """Connect; no more connections than a bounded number."""
        url = f"http://{settings.door.address}:{settings.door.http}"
        async with aiohttp.ClientSession(
            url,
            connector=aiohttp.TCPConnector(limit=CONNECTIONS),
            timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS, connect=5),
        ) as session:
            yield cls(session)

    async def ask(
        self,
        portal: Portal,
        method: str,
        path: str,
        *,
        json: Any = None,
        key: str | None = None,
        if_match: str | None = None,
    ) -> Answer:
        """Send one request, once; whatever happens is an answer."""
        headers = {"Host": portal.host, "Authorization": f"Bearer {portal.token}"}
        headers |= {} if key is None else {"Idempotency-Key": key}
        headers |= {} if if_match is None else {"If-Match": if_match}
        try:
            async with self._session.request(method, path, json=json, headers=headers) as got:
                body = await got.json(content_type=None)
                return _meaning(got.status, body, got.headers)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return Answer(Outcome.FAIL, code="not-connected")
        except (TimeoutError, aiohttp.ClientError, ValueError) as error:
            return Answer(Outcome.UNKNOWN, code=type(error).__name__)


def _meaning(status: int, body: Any, headers: Mapping[str, str]) -> Answer:
    if status < 400:
        return Answer(Outcome.OK, status, body, headers)
    code = str(body.get("code", "")) if isinstance(body, dict) else ""
    certain = status < 500 or (status == 503 and code in _NOTHING_DONE)
    outcome = Outcome.FAIL if certain else Outcome.UNKNOWN
    return Answer(outcome, status, body, headers, code=f"{status} {code}".strip())
