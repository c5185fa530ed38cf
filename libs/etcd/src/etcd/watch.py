"""The change stream of a span of keys.

A silent stream is normal, and also what a frozen member or a lost packet filter looks like. So after
some silence the same member is asked to prove that it lives and still sees the majority; if it
cannot, the stream ends with ``EtcdUnavailableError`` and the caller opens it again at another member.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import ExitStack, aclosing, asynccontextmanager

import aiohttp
import orjson

from etcd.errors import CompactedError, EtcdUnavailableError
from etcd.members import ATTEMPT_SECONDS, AnswerLostError, Members, NotTakenError
from etcd.records import Event, Get, Span, WatchBatch, Wire

SILENCE_SECONDS = 2.0

_PROBE = orjson.dumps({**Get(Span("\0")).to_wire(), "count_only": True})


@asynccontextmanager
async def open_watch(
    members: Members, span: Span, revision: int
) -> AsyncIterator[AsyncIterator[WatchBatch]]:
    """Open the stream at the first member that takes it; see ``Client.watch``."""
    request = {"create_request": {**span.to_wire(), "start_revision": str(revision)}}
    stream = await _open_anywhere(members, request)
    try:
        async with aclosing(stream.batches()) as batches:
            yield batches
    finally:
        stream.close()


async def _open_anywhere(members: Members, request: Wire) -> "_Stream":
    reasons = []
    for url in members.in_order():
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                return await _open(members, url, request)
        except (EtcdUnavailableError, aiohttp.ClientError, TimeoutError) as error:
            members.avoid(url)
            reasons.append(f"{url}: {error or type(error).__name__}")
    raise EtcdUnavailableError(f"watch: {'; '.join(reasons)}")


async def _open(members: Members, url: str, request: Wire) -> "_Stream":
    stream = _Stream(members, url, await members.open(url, "watch", request))
    with ExitStack() as undo:
        undo.callback(stream.close)
        await stream.created()
        undo.pop_all()
    return stream


class _Stream:
    """One open response: JSON lines, each a message of etcd."""

    def __init__(self, members: Members, url: str, response: aiohttp.ClientResponse) -> None:
        self._members = members
        self._url = url
        self._response = response
        self._rest = b""

    def close(self) -> None:
        """Drop the connection: there is no polite end of a watch, etcd notices."""
        self._response.close()

    async def created(self) -> None:
        """Wait for the member's word that it watches from now on."""
        await self._message()

    async def batches(self) -> AsyncGenerator[WatchBatch, None]:
        """Yield what changed, until the stream breaks."""
        while True:
            message = await self._message()
            events = tuple(Event.from_wire(e) for e in message.get("events", ()))
            if events:
                yield WatchBatch(int(message["header"]["revision"]), events)

    async def _message(self) -> Wire:
        message = orjson.loads(await self._line())
        if "error" in message:
            raise EtcdUnavailableError(f"watch: {self._url}: {message['error']}")
        result: Wire = message["result"]
        if result.get("canceled"):
            if int(result.get("compact_revision", 0)):
                raise CompactedError(
                    f"watch: revisions before {result['compact_revision']} are gone"
                )
            raise EtcdUnavailableError(f"watch: cancelled, {result.get('cancel_reason')}")
        return result

    async def _line(self) -> bytes:
        line, separator, rest = self._rest.partition(b"\n")
        pieces = [line]
        while not separator:
            piece, separator, rest = (await self._chunk()).partition(b"\n")
            pieces.append(piece)
        self._rest = rest
        return b"".join(pieces)

    async def _chunk(self) -> bytes:
        """Return the next bytes. ``readany`` keeps what it has when a time-out interrupts it."""
        try:
            while True:
                try:
                    async with asyncio.timeout(SILENCE_SECONDS):
                        chunk = await self._response.content.readany()
                except TimeoutError:
                    await self._prove_alive()
                else:
                    break
        except aiohttp.ClientError as error:
            raise EtcdUnavailableError(f"watch: {self._url}: {error}") from error
        if not chunk:
            raise EtcdUnavailableError(f"watch: {self._url} ended the stream")
        return chunk

    async def _prove_alive(self) -> None:
        deadline = time.monotonic() + ATTEMPT_SECONDS
        try:
            await self._members.post(self._url, "kv/range", _PROBE, deadline, needs_leader=True)
        except (NotTakenError, AnswerLostError) as error:
            self._members.avoid(self._url)
            raise EtcdUnavailableError(f"watch: {error}") from error
