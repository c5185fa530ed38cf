"""What the tests of this folder do again and again: look until something is so, write, end a server."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import etcd
from etcd import documents
from failover.actions import AcceptWrites, AwaitPeer, StartReceiver, StopReceiver
from failover.database import LocalDatabase
from failover.record import Pair, Position, behind
from failover.state import Database
from failover.wire import pair_to_json
from kernel import secrets
from kernel.ids import PairId
from kernel.settings import Settings
from testkit.mariadb import Masters, Server

PAIR, KEY = PairId(1), "pair/1"
PEACE = Pair(("dc-a", "dc-b"), {"dc-a": "dc-a", "dc-b": "dc-b"})
DEADLINE_SECONDS = 30.0
LOOK_SECONDS = 0.02

_ids = itertools.count(1)


@dataclass(frozen=True)
class Side:
    """One server and what its agent knows it by."""

    server: Server
    database: LocalDatabase

    def make_table(self) -> None:
        """Make the table of the notes, here and at the peer."""
        with self.server.connect_as_root() as root, root.cursor() as cursor:
            cursor.execute("CREATE OR REPLACE TABLE notes (id INT PRIMARY KEY, text TEXT)")

    def write(self) -> int:
        """Write a note and return its id once that is acknowledged."""
        number = next(_ids)
        with self.server.connect() as connection, connection.cursor() as cursor:
            cursor.execute("INSERT INTO notes (id, text) VALUES (%s, 'x')", (number,))
        return number

    def notes(self) -> set[int]:
        """Return the ids of all notes that this server shows."""
        with self.server.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT id FROM notes")
            return {row[0] for row in cursor.fetchall()}


@dataclass(frozen=True)
class Scene:
    """Both sides, and a revision that neither has obeyed yet."""

    settings: Settings
    a: Side
    b: Side
    revision: int


@asynccontextmanager
async def in_service(masters: Masters, revision: int) -> AsyncIterator[Scene]:
    """Both servers run, wait for each other and accept writes, whatever was done to them before."""
    password = secrets.load(masters.settings.secrets_dir, "failover")["db_password"]
    async with AsyncExitStack() as stack:
        sides = []
        for name, server in masters.servers.items():
            server.ensure_running()
            local = LocalDatabase(masters.settings, PAIR, name, password)
            sides.append(Side(server, await stack.enter_async_context(local)))
        for command in (StopReceiver, AwaitPeer, StartReceiver, AcceptWrites):
            for side in sides:
                assert await side.database.obey(command(revision))
        for side in sides:
            await until(side.database, lambda seen: seen.hears_peer and seen.is_replied_to)
        a, b = sides
        a.make_table()
        await equal_positions(a, b)
        yield Scene(masters.settings, a, b, revision + 1)


async def equal_positions(a: Side, b: Side) -> None:
    """Wait until each has applied what the other has logged by now."""
    for own, peer in ((a, b), (b, a)):
        logged = (await until(peer.database, lambda seen: True)).logged
        await until(own.database, partial(has_applied, logged))


def has_applied(logged: Position, seen: Database) -> bool:
    """Tell whether a server shows all of it."""
    return behind(seen.applied, logged) == 0


async def record(settings: Settings, pair: Pair) -> int:
    """Write the record of the pair, and return its revision: higher than any before."""
    async with etcd.connect(settings.etcd_urls) as client:
        await client.delete(etcd.Span(KEY))
        await documents.create(client, KEY, pair_to_json(pair, {"id": PAIR}))
        written = await documents.find(client, KEY)
    assert written is not None
    return written.revision


async def until(
    database: LocalDatabase,
    holds: Callable[[Database], bool],
    seconds: float = DEADLINE_SECONDS,
) -> Database:
    """Observe until it is so, and return what was seen then; fail at the deadline."""
    deadline = time.monotonic() + seconds
    seen = None
    while time.monotonic() < deadline:
        seen = await database.observe()
        if seen is not None and holds(seen):
            return seen
        await asyncio.sleep(LOOK_SECONDS)
    raise AssertionError(f"not so within {seconds} s: {seen}")


async def seconds_until(happens: Callable[[], Awaitable[bool]]) -> float:
    """Measure how long it takes until something is so; fail at the deadline."""
    began_at = time.monotonic()
    while not await happens():
        assert time.monotonic() - began_at < DEADLINE_SECONDS
        await asyncio.sleep(LOOK_SECONDS)
    return time.monotonic() - began_at
