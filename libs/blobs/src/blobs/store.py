"""What all portals of a process share: connections to the object store, and no key at all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import aiohttp
from aiobotocore.config import AioConfig
from aiobotocore.credentials import AioCredentials
from aiobotocore.session import AioSession
from botocore.credentials import ReadOnlyCredentials
from typing_extensions import override

from blobs import failures
from blobs.keys import AccessKey, Account
from blobs.wire import PIECE_BYTES, REGION, Request, Timeouts, Wire, credentials

TRANSFERS = 256  # open at once; a slow client's download holds one, so there are many
CALLS = 32  # of their own pool, so that downloads never hold up the small calls

_signing_key: ContextVar[AccessKey] = ContextVar("the key that signs the present call")


@asynccontextmanager
async def connect(
    url: str, timeouts: Timeouts | None = None, *, public_url: str | None = None
) -> AsyncIterator["Store"]:
    """Open the object store at ``url``, once per process; nothing is sent yet.

    ``public_url`` is where the bearers of links reach it, if that is another address.
    """
    timeouts = timeouts or Timeouts()
    async with AsyncExitStack() as stack:
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=TRANSFERS),
            cookie_jar=aiohttp.DummyCookieJar(),  # nothing of one portal goes along with another's
            read_bufsize=PIECE_BYTES,
            auto_decompress=False,
        )
        await stack.enter_async_context(session)
        client = await stack.enter_async_context(_client(url, timeouts))
        yield Store(Wire(url, public_url or url, session, timeouts), client, timeouts.call)


class Store:
    """The object store for any portal: each call brings the key that signs it."""

    def __init__(self, wire: Wire, client: Any, call_seconds: float) -> None:
        self.wire = wire
        self._client = client
        self._call_seconds = call_seconds

    async def call(self, key: AccessKey, operation: str, **parameters: Any) -> dict[str, Any]:
        """Do one operation of S3 by botocore's name for it, and return botocore's answer."""
        return await failures.repeated(operation, lambda: self._once(key, operation, parameters))

    async def _once(
        self, key: AccessKey, operation: str, parameters: dict[str, Any]
    ) -> dict[str, Any]:
        token = _signing_key.set(key)
        try:
            with failures.named():
                async with asyncio.timeout(self._call_seconds):
                    answer: dict[str, Any] = await getattr(self._client, operation)(**parameters)
                    return answer
        finally:
            _signing_key.reset(token)


@dataclass(frozen=True, slots=True)
class Place:
    """One portal's place in the store: every call goes to its bucket, signed with its key."""

    store: Store
    account: Account

    async def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Do one operation on the bucket or an object in it."""
        account = self.account
        return await self.store.call(account.key, operation, Bucket=account.bucket, **parameters)

    async def send(self, request: Request) -> aiohttp.ClientResponse:
        """Send a hot request, made with ``target``."""
        return await self.store.wire.send(self.account.key, request)

    def presigned(self, request: Request, expires_in: timedelta) -> str:
        """Return a URL for a request made with ``target``."""
        return self.store.wire.presigned(self.account.key, request, expires_in)

    def target(self, key: str, **query: str) -> str:
        """Return path and query of an object, in the one encoding that SigV4 signs (RFC 3986)."""
        path = f"/{self.account.bucket}/{quote(key, safe='/~')}"
        parameters = "&".join(f"{name}={quote(query[name], safe='~')}" for name in sorted(query))
        return f"{path}?{parameters}" if parameters else path


class _KeyOfTheCall(AioCredentials):  # type: ignore[misc]  # aiobotocore has no types
    """Stands where botocore expects one key for ever.

    A client costs 10 ms and 330 KiB; one per portal would be gigabytes. So one client serves all, and
    each call signs with the key its caller brought. Without one there is an error, not another's key.
    """

    def __init__(self) -> None:
        super().__init__(access_key="", secret_key="")

    @override
    async def get_frozen_credentials(self) -> ReadOnlyCredentials:
        return credentials(_signing_key.get())


class _Session(AioSession):  # type: ignore[misc]  # aiobotocore has no types
    @override
    async def get_credentials(self) -> _KeyOfTheCall:
        return _KeyOfTheCall()


def _client(url: str, timeouts: Timeouts) -> Any:
    config = AioConfig(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        connect_timeout=timeouts.connect,
        read_timeout=timeouts.silence,
        max_pool_connections=CALLS,
        retries={"total_max_attempts": 1},  # we repeat ourselves, and know what must not be
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        proxies={},  # never through the proxy of the environment
    )
    return _Session().create_client("s3", region_name=REGION, endpoint_url=url, config=config)
