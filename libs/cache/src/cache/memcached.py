"""pymemcache behind threads: it blocks, and a hung memcached must not hold the event loop.

The threads are few and their queue is bounded: past it a look-up is a miss and a write is dropped, which
is always allowed for a cache. Each has a client of its own: pymemcache's leaves out a dead server by
changing itself, and two threads that do so at once fail. Process-local caches stand in front of the hot
paths.
"""

import asyncio
import hashlib
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from prometheus_client import Counter
from pymemcache.client.hash import HashClient
from pymemcache.exceptions import MemcacheError

from kernel.ids import PortalId

_log = logging.getLogger(__name__)
_LOOKUPS = Counter("cache_lookups_total", "Look-ups by outcome.", ("outcome",))
_T = TypeVar("_T")
Change = Callable[[bytes | None], bytes | None]

TIMEOUT_SECONDS = 0.2
THREADS = 4
QUEUE = 128
LONGEST_KEY = 250  # memcached's limit
CHANGE_ATTEMPTS = 4  # others change it, too: past this we do without


class Cache:
    """Values of portals, spread over several memcached servers; a dead server is left out for a while."""

    def __init__(self, servers: Sequence[tuple[str, int]]) -> None:
        self._servers = list(servers)
        self._clients: list[HashClient] = []
        self._own = threading.local()
        self._threads = ThreadPoolExecutor(
            THREADS, thread_name_prefix="memcached", initializer=self._connect
        )
        self._queued = 0

    async def get(self, portal: PortalId, key: str) -> bytes | None:
        """Return the value, or ``None`` for a miss of any kind."""
        value: bytes | None = await self._in_thread(lambda client: client.get(_name(portal, key)))
        _LOOKUPS.labels("miss" if value is None else "hit").inc()
        return value

    async def put(self, portal: PortalId, key: str, value: bytes, seconds: int) -> None:
        """Keep a value for at most ``seconds``."""
        await self._in_thread(lambda client: client.set(_name(portal, key), value, expire=seconds))

    async def drop(self, portal: PortalId, *keys: str) -> None:
        """Forget values. Not a promise: whoever needs one uses a short time to live as well."""
        names = [_name(portal, key) for key in keys]
        await self._in_thread(lambda client: client.delete_many(names))

    async def change(
        self,
        portal: PortalId,
        key: str,
        change: Change,
        seconds: int,
        *,
        beside: Sequence[str] = (),
    ) -> Mapping[str, bytes] | None:
        """Change a value that others change at once; return those ``beside`` it, read in the same trip.

        ``change`` gets the value, or ``None`` for a miss, and returns the new one, or ``None`` to leave it.
        It runs in another thread, and again if somebody was faster. Returns ``None`` if nothing was kept.
        """
        names = {_name(portal, k): k for k in (key, *beside)}
        name = next(iter(names))

        def attempt(client: HashClient) -> Mapping[str, bytes] | None:
            for _ in range(CHANGE_ATTEMPTS):
                found = client.gets_many(list(names))
                known, token = found.pop(name, (None, None))
                new = change(known)
                if new is None or _replaced(client, name, new, token, seconds):
                    return {names[k]: value for k, (value, _) in found.items()}
            return None

        return await self._in_thread(attempt)

    def close(self) -> None:
        """Stop the threads; what is queued is dropped."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for client in self._clients:
            client.close()

    def _connect(self) -> None:
        """Give the thread that calls this its client; nothing is sent yet."""
        self._own.client = HashClient(
            self._servers,
            connect_timeout=TIMEOUT_SECONDS,
            timeout=TIMEOUT_SECONDS,
            no_delay=True,
            ignore_exc=True,
            retry_attempts=0,
            dead_timeout=5,
        )
        self._clients.append(self._own.client)

    async def _in_thread(self, call: Callable[[HashClient], _T]) -> _T | None:
        if self._queued >= QUEUE:
            _LOOKUPS.labels("skipped").inc()
            return None
        self._queued += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, lambda: call(self._own.client)
            )
        except (MemcacheError, OSError) as error:
            _log.warning("memcached failed", extra={"error": type(error).__name__})
            return None
        finally:
            self._queued -= 1


def _replaced(
    client: HashClient, name: str, value: bytes, token: bytes | None, seconds: int
) -> bool:
    """Store the value if nobody has changed it since the token was given."""
    if token is None:
        return bool(client.add(name, value, expire=seconds, noreply=False))
    return bool(client.cas(name, value, token, expire=seconds))


def _name(portal: PortalId, key: str) -> str:
    name = f"{portal:x}:{key}"
    if len(name) <= LONGEST_KEY and name.isascii() and not any(c.isspace() for c in name):
        return name
    return f"{portal:x}:#{hashlib.sha256(key.encode()).hexdigest()}"
