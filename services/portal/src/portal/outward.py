"""HTTP to servers that strangers named: never into our own network, and nothing of them is trusted.

A name is resolved by us, every address it has must be public, and the connection goes to an address that
was checked, with the name as Host and in TLS: a name that resolves differently a moment later gains
nothing. Redirects are not followed. What may be reached nevertheless (a receiver in the same building, say)
is the operator's to say: ``inner_networks`` in the settings.

aiohttp, because it lets us be its resolver and connects to what that returns.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from http import HTTPStatus
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override
from yarl import URL

from kernel.errors import InvalidError

Networks = Sequence[IPv4Network | IPv6Network]

ANSWER_SECONDS = 10.0
CONNECT_SECONDS = 5.0
ANSWER_BYTES = 4096  # nobody reads it; so much is taken so that the receiver can say it in peace
CONNECTIONS = 64  # of a node, to all receivers together
# A name server that hangs keeps a thread for long. These are ours: log-ins need the usual ones.
RESOLVING_THREADS = 16
HEADERS = {"User-Agent": "Portico"}
# RFC 4291 §2.5.4: all that is handed out; what a translator would turn into IPv4 lies outside
PUBLIC_IPV6 = IPv6Network("2000::/3")


class AddressRefusedError(InvalidError):
    """The address is not a public one, and the operator has not allowed it."""

    code = "address-refused"


class NotDeliveredError(Exception):
    """The receiver did not take it; the text says why, in a few words, and holds no secret.

    ``is_silence``: it gave no answer at all.
    """

    def __init__(self, why: str, *, is_silence: bool) -> None:
        super().__init__(why)
        self.is_silence = is_silence


def require_allowed(address: str, inner: Networks) -> None:
    """Raise ``AddressRefusedError`` unless the address is public, or lies in one of the networks."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    is_inner = any(ip in network for network in inner if network.version == ip.version)
    if not is_inner and not _is_public(ip):
        raise AddressRefusedError(address=str(ip))


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    if isinstance(ip, IPv6Address) and (ip.sixtofour or ip.teredo or ip not in PUBLIC_IPV6):
        return False  # the first two carry an IPv4 address, which may be one of ours
    return ip.is_global and not ip.is_multicast


class Outward:
    """Sends to strangers; ``opened`` makes one."""

    def __init__(self, session: aiohttp.ClientSession, resolver: "_Checked") -> None:
        self._session = session
        self._resolver = resolver

    async def require_allowed(self, url: str) -> None:
        """Raise ``AddressRefusedError`` if the host of the URL is one that nothing is sent to now.

        A name that cannot be resolved passes: it may be there when something is to be sent.
        """
        host = URL(url).host or ""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._resolver.resolve(host)
        except (OSError, TimeoutError):
            return

    async def post_form(self, url: str, body: bytes) -> None:
        """Send a form; raise ``NotDeliveredError`` unless it is answered with success."""
        try:
            self._resolver.check_literal(URL(url).host or "")
            status = await self._post(url, body)
        except AddressRefusedError as error:
            why = f"address {error.values['address']} is not public"
            raise NotDeliveredError(why, is_silence=False) from None
        except TimeoutError:
            why = f"no answer in {ANSWER_SECONDS:g} s"
            raise NotDeliveredError(why, is_silence=True) from None
        except aiohttp.ClientConnectorCertificateError:
            raise NotDeliveredError("its certificate is not trusted", is_silence=True) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            why = f"no answer: {type(error).__name__}"
            raise NotDeliveredError(why, is_silence=True) from None
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise NotDeliveredError(f"status {status}", is_silence=False)

    async def _post(self, url: str, body: bytes) -> int:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        async with self._session.post(
            URL(url, encoded=True), data=body, headers=headers, allow_redirects=False
        ) as response:
            await response.content.read(ANSWER_BYTES)
            return response.status


class _Checked(AbstractResolver):
    """Resolves names in threads of its own; one refused address refuses the name."""

    def __init__(self, inner: Networks) -> None:
        self._inner = inner
        self._threads = ThreadPoolExecutor(RESOLVING_THREADS, thread_name_prefix="resolving")

    def check_literal(self, host: str) -> None:
        """Check a host that is an address already: aiohttp does not ask a resolver for it."""
        try:
            ip_address(host.partition("%")[0])
        except ValueError:
            return
        require_allowed(host, self._inner)

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return every address of the host; raise ``AddressRefusedError`` if one is refused."""
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, socket.getaddrinfo, host, port, family, socket.SOCK_STREAM
        )
        for *_, address in found:
            require_allowed(str(address[0]), self._inner)
        return [_result(host, *entry) for entry in found]

    @override
    async def close(self) -> None:
        """Let the threads end; what they wait for is nobody's any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _result(
    host: str, family: int, _kind: int, protocol: int, _name: str, address: tuple[object, ...]
) -> ResolveResult:
    return ResolveResult(
        hostname=host,
        host=str(address[0]),
        port=int(str(address[1])),
        family=family,
        proto=protocol,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )


@asynccontextmanager
async def opened(inner: Networks) -> AsyncIterator[Outward]:
    """Open a client; ``inner`` are the networks that are allowed though they are not public."""
    resolver = _Checked(inner)
    connector = aiohttp.TCPConnector(
        resolver=resolver,
        use_dns_cache=False,
        limit=CONNECTIONS,
        ssl=ssl.create_default_context(),
    )
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS, sock_connect=CONNECT_SECONDS)
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        headers=HEADERS,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
    ) as session:
        try:
            yield Outward(session, resolver)
        finally:
            await resolver.close()
