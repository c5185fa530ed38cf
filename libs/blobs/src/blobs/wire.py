"""The hot verbs (put, get, upload of a part): signed by botocore, sent over one pool of connections.

Through aiobotocore each costs about 1 ms of CPU more (the ADR on blobs has the figures); every other verb
goes that way, in ``blobs.store``.
"""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import TypeAlias

import aiohttp
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from typing_extensions import override
from yarl import URL

from blobs import failures
from blobs.errors import refusal
from blobs.keys import AccessKey

Data: TypeAlias = bytes | bytearray

REGION = "us-east-1"  # radosgw has no regions; the name is part of every signature
NO_BODY = "UNSIGNED-PAYLOAD"
PIECE_BYTES = 256 * 1024  # of a body, in and out: larger gains nothing, smaller costs calls
LONGEST_REFUSAL = 65_536
_CODE = re.compile(rb'Code(?:>|"\s*:\s*")(\w+)')  # XML from S3, JSON from radosgw's admin API


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for a connection, between two pieces of an answer, and for a whole small call."""

    connect: float = 3.0
    silence: float = 10.0
    call: float = 30.0


@dataclass(frozen=True, slots=True)
class Request:
    """One request: ``target`` is path and query as they go over the wire, ``sha256`` is the body's."""

    verb: str
    target: str
    body: Data = field(default=b"", repr=False)
    sha256: str = NO_BODY
    headers: Mapping[str, str] = field(default_factory=dict)


class Wire:
    """Sends signed requests to the object store at ``url``; its connections serve all portals.

    ``public_url`` is where others reach the same store: what they are given is signed for that host.
    """

    def __init__(
        self, url: str, public_url: str, session: aiohttp.ClientSession, timeouts: Timeouts
    ) -> None:
        self._url = url
        self._public_url = public_url
        self._session = session
        self._small = aiohttp.ClientTimeout(
            total=timeouts.call, connect=timeouts.connect, sock_read=timeouts.silence
        )
        # a download takes as long as its client reads
        self._long = aiohttp.ClientTimeout(connect=timeouts.connect, sock_read=timeouts.silence)

    async def send(self, key: AccessKey, request: Request) -> aiohttp.ClientResponse:
        """Return the answer, its body unread, to be used as a context; a refusal is a typed error."""
        return await failures.repeated(request.verb, lambda: self._send_once(key, request))

    def presigned(self, key: AccessKey, request: Request, expires_in: timedelta) -> str:
        """Return a URL whose bearer may send this one request, with its headers, for a while."""
        draft = AWSRequest(request.verb, self._public_url + request.target, dict(request.headers))
        seconds = int(expires_in.total_seconds())
        S3SigV4QueryAuth(credentials(key), "s3", REGION, expires=seconds).add_auth(draft)
        return str(draft.url)

    async def _send_once(self, key: AccessKey, request: Request) -> aiohttp.ClientResponse:
        url = self._url + request.target
        with failures.named():
            response = await self._session.request(
                request.verb,
                URL(url, encoded=True),
                headers=_signed_headers(key, request, url),
                data=_pieces(request.body) if request.body else None,
                timeout=self._long if request.verb == "GET" else self._small,
                allow_redirects=False,
            )
            if response.status < HTTPStatus.MULTIPLE_CHOICES:
                return response
            async with response:
                found = _CODE.search(await response.content.read(LONGEST_REFUSAL))
        raise refusal(response.status, found[1].decode() if found else str(response.status))


class _Signature(S3SigV4Auth):  # type: ignore[misc]  # botocore has no types
    """Signs the digest the caller has computed, so that the store refuses a body damaged on its way."""

    def __init__(self, key: AccessKey, sha256: str) -> None:
        super().__init__(credentials(key), "s3", REGION)
        self._sha256 = sha256

    @override
    def payload(self, request: AWSRequest) -> str:
        return self._sha256


def _signed_headers(key: AccessKey, request: Request, url: str) -> dict[str, str]:
    draft = AWSRequest(request.verb, url, dict(request.headers))
    _Signature(key, request.sha256).add_auth(draft)
    # not signed: it tells aiohttp not to send the pieces "chunked", which S3 does not take
    return {**draft.headers, "Content-Length": str(len(request.body))}


def credentials(key: AccessKey) -> ReadOnlyCredentials:
    """Return the key as botocore knows it."""
    return ReadOnlyCredentials(key.id, key.secret, None)


async def _pieces(body: Data) -> AsyncIterator[memoryview]:
    """Yield views, not copies: a part of 8 MiB is in memory once."""
    with memoryview(body) as whole:
        for start in range(0, len(whole), PIECE_BYTES):
            yield whole[start : start + PIECE_BYTES]
