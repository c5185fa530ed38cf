"""Asks the members of the cluster, one after another, and knows what a failure proves.

Two questions decide everything here: may the request have been taken, and may it be repeated?
"""

import asyncio
import time
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import aiohttp
import orjson
from prometheus_client import Counter

from etcd.errors import CompactedError, EtcdRefusedError, EtcdUnavailableError, OutcomeUnknownError
from etcd.records import Wire

ATTEMPT_SECONDS = 1.0
CONNECT_SECONDS = 0.5
TOTAL_SECONDS = 2.0
ELECTION_PAUSE_SECONDS = 0.1

# Without this header a member that lost its majority keeps a watch open in silence for ever, and
# queues a write for six seconds; with it, it refuses within milliseconds and nothing was done.
_NEEDS_LEADER = {"Grpc-Metadata-hasleader": "true"}

_RESOURCE_EXHAUSTED, _OUT_OF_RANGE, _UNAVAILABLE = 8, 11, 14
_MAYBE_DONE = frozenset({1, 2, 4, 13, _UNAVAILABLE})  # cancelled, unknown, deadline, internal

REQUESTS = Counter("etcd_requests_total", "Requests sent to etcd members.", ("verb",))


class NotTakenError(Exception):
    """The member certainly did nothing."""


class LeaderlessError(NotTakenError):
    """The member waits for an election, which may be over in a moment."""


class AnswerLostError(Exception):
    """The request was sent; whether it was carried out is not known."""


class Members:
    """The members' client URLs; the one that answered last is asked first."""

    def __init__(self, session: aiohttp.ClientSession, urls: Sequence[str]) -> None:
        self._session = session
        self._urls = tuple(urls)
        self._first = 0

    async def read(self, verb: str, body: Wire, *, needs_leader: bool = True) -> Any:
        """Ask until a member answers; a read may be repeated at will."""
        return await self._ask(verb, body, needs_leader=needs_leader, repeatable=True)

    async def write(self, verb: str, body: Wire) -> Any:
        """Ask until a member may have taken the request; never hand it to a second one then."""
        return await self._ask(verb, body, needs_leader=True, repeatable=False)

    async def ask(self, url: str, verb: str, body: Wire) -> Any:
        """Ask this member and no other, once."""
        deadline = time.monotonic() + ATTEMPT_SECONDS
        try:
            return await self.post(url, verb, orjson.dumps(body), deadline, needs_leader=False)
        except (NotTakenError, AnswerLostError) as error:
            raise EtcdUnavailableError(f"{verb}: {error}") from error

    async def _ask(self, verb: str, body: Wire, *, needs_leader: bool, repeatable: bool) -> Any:
        """Go round the members; once more while they elect a leader, until the time is up."""
        content, deadline = orjson.dumps(body), time.monotonic() + TOTAL_SECONDS
        while True:
            electing, reasons = False, []
            for url in self.in_order():
                try:
                    return await self.post(url, verb, content, deadline, needs_leader=needs_leader)
                except (NotTakenError, AnswerLostError) as error:
                    self.avoid(url)
                    if isinstance(error, AnswerLostError) and not repeatable:
                        raise OutcomeUnknownError(f"{verb}: {error}") from error
                    electing |= isinstance(error, LeaderlessError)
                    reasons.append(str(error))
            if not electing or time.monotonic() + ELECTION_PAUSE_SECONDS >= deadline:
                raise EtcdUnavailableError(f"{verb}: {'; '.join(reasons)}")
            await asyncio.sleep(ELECTION_PAUSE_SECONDS)

    def in_order(self) -> tuple[str, ...]:
        """Return the URLs, the one to ask first in front."""
        return self._urls[self._first :] + self._urls[: self._first]

    def avoid(self, url: str) -> None:
        """Ask the next one first from now on: this one just failed."""
        self._first = (self._urls.index(url) + 1) % len(self._urls)

    async def post(
        self, url: str, verb: str, content: bytes, deadline: float, *, needs_leader: bool
    ) -> Any:
        """Ask one member once, within the attempt's time and the deadline's."""
        left = min(ATTEMPT_SECONDS, deadline - time.monotonic())
        if left <= 0:
            raise NotTakenError(f"{url}: no time left")
        # ``connect`` counts the wait for a free connection too: nothing is sent before
        timeout = aiohttp.ClientTimeout(total=left, connect=CONNECT_SECONDS)
        headers = _NEEDS_LEADER if needs_leader else None
        address = f"{url}/v3/{verb}"
        REQUESTS.labels(verb).inc()
        try:
            async with self._session.post(
                address, data=content, headers=headers, timeout=timeout
            ) as response:
                answer = await _json(response)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotTakenError(f"{url}: not reached") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise AnswerLostError(f"{url}: no answer ({type(error).__name__})") from error
        if response.status != HTTPStatus.OK:
            raise failure(url, int(answer.get("code", 2)), str(answer.get("message", "")))
        return answer

    async def open(self, url: str, verb: str, body: Wire) -> aiohttp.ClientResponse:
        """Start a stream whose answer does not end; the caller closes it."""
        timeout = aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS)
        return await self._session.post(
            f"{url}/v3/{verb}", data=orjson.dumps(body), headers=_NEEDS_LEADER, timeout=timeout
        )


def failure(url: str, code: int, message: str) -> Exception:
    """Return what a gRPC code and text of etcd prove about the request."""
    if code == _UNAVAILABLE and message.endswith("no leader"):
        return LeaderlessError(f"{url}: no leader")
    if code == _RESOURCE_EXHAUSTED:
        return NotTakenError(f"{url}: {message}")
    if code == _OUT_OF_RANGE and message.endswith("compacted"):
        return CompactedError(message)
    if code in _MAYBE_DONE:
        return AnswerLostError(f"{url}: {message}")
    return EtcdRefusedError(code, message)


async def _json(response: aiohttp.ClientResponse) -> Any:
    raw = await response.read()
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise aiohttp.ClientPayloadError(f"not JSON, status {response.status}") from error
