"""Calls to other services of ours. Every call made here may be repeated without harm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson
from typing_extensions import override

from kernel.errors import UnavailableError

CONNECT_SECONDS = 0.5
_LATER = frozenset({408, 425, 429})


class PeerUnavailableError(UnavailableError):
    """Another service of ours does not answer; why is for our log, not for strangers."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason

    @override
    def __repr__(self) -> str:
        return f"PeerUnavailableError({self.reason})"


@dataclass(frozen=True, slots=True)
class Call:
    """One request; ``seconds`` bounds each attempt."""

    verb: str
    path: str
    body: Mapping[str, Any] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    locale: str = "en"
    seconds: float = 3.0


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer: a success or a refusal, never a "not now"."""

    status: int
    body: Any

    @property
    def is_refusal(self) -> bool:
        """Whether repeating the call would change nothing."""
        return self.status >= 400

    @property
    def code(self) -> str:
        """The code of a problem document; the status if it is none."""
        return str(self.body.get("code", self.status))


class Caller:
    """Sends calls with our internal token."""

    def __init__(self, session: aiohttp.ClientSession, token: str) -> None:
        self._session = session
        self._authorization = f"Bearer {token}"

    async def send(self, urls: Sequence[str], call: Call) -> Reply:
        """Ask one server after another until one answers; ``PeerUnavailableError`` if none does."""
        reason = "no server"
        for url in urls:
            try:
                reply = await self._once(url, call)
            except (aiohttp.ClientError, TimeoutError) as error:
                reason = type(error).__name__
                continue
            if reply.status < 500 and reply.status not in _LATER:
                return reply
            reason = reply.code
        raise PeerUnavailableError(f"{call.verb} {call.path}: {reason}")

    async def _once(self, url: str, call: Call) -> Reply:
        headers = {"Authorization": self._authorization, "Accept-Language": call.locale}
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        async with self._session.request(
            call.verb,
            url + call.path,
            params=call.query,
            data=None if call.body is None else orjson.dumps(call.body),
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=call.seconds, sock_connect=CONNECT_SECONDS),
            allow_redirects=False,
        ) as response:
            return Reply(response.status, _object(await response.read()))


def _object(raw: bytes) -> Any:
    """Return the JSON; an empty object if it is something else."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}  # say, of a proxy: the status tells enough
