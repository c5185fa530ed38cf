"""A server that is killed or hangs is noticed, and nobody waits on it for ever."""

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest
import uvloop
from sqlalchemy import bindparam, func, select

from db.engine import Address, Database
from db.errors import DatabaseUnavailableError
from db.sessions import reading
from db.statements import Statement
from kernel import secrets
from kernel.ids import PortalId
from testkit import mariadb
from testkit.mariadb import Masters

NOTICED_SECONDS = 20.0  # three on a quiet machine
SLEEP = Statement(
    select(func.sleep(bindparam("seconds"))).where(bindparam("portal_id") > 0),
    across_portals="asks no table",
)


@pytest.fixture(scope="module")
def masters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Masters]:
    with mariadb.running(tmp_path_factory.mktemp("masters")) as running:
        yield running


async def test_a_hung_server_is_noticed_and_its_connections_are_cut(masters: Masters) -> None:
    database, server = _database(masters), masters.servers["dc-a"]
    await database.open()
    await _ask(database, 0)
    asking = [asyncio.create_task(_ask(database, 60)) for _ in range(5)]
    await asyncio.sleep(0.2)
    server.freeze()
    try:
        started = time.monotonic()
        ends = await asyncio.wait_for(
            asyncio.gather(*asking, return_exceptions=True), NOTICED_SECONDS
        )
        assert {type(end) for end in ends} == {DatabaseUnavailableError}
        assert not database.answers
        assert time.monotonic() - started < NOTICED_SECONDS
    finally:
        server.thaw()
    await _until(lambda: database.answers)
    await _ask(database, 0)
    await database.close()


async def test_nobody_waits_for_ever_for_a_hung_server_to_greet_him(masters: Masters) -> None:
    database, server = _database(masters), masters.servers["dc-a"]
    await database.open()
    async with database.connection():  # which is free again while somebody else connects
        server.freeze()
        asking = [asyncio.create_task(_ask(database, 0))]
        await asyncio.sleep(0.2)
    try:
        asking += [asyncio.create_task(_ask(database, 0)) for _ in range(3)]
        done, _ = await asyncio.wait(asking, timeout=NOTICED_SECONDS)
    finally:
        server.thaw()
    assert len(done) == len(asking)
    assert {type(end.exception()) for end in done} == {DatabaseUnavailableError}
    await _until(lambda: database.answers)
    await database.close()


async def test_a_killed_server_is_noticed_at_once_and_found_when_it_is_back(
    masters: Masters,
) -> None:
    database, server = _database(masters), masters.servers["dc-a"]
    await database.open()
    await _ask(database, 0)
    server.kill()
    await _until(lambda: not database.answers)
    with pytest.raises(DatabaseUnavailableError):
        await _ask(database, 0)
    server.start()
    await _until(lambda: database.answers, 40)
    await _ask(database, 0)
    await database.close()


def test_a_server_that_hangs_up_while_we_connect_is_one_that_does_not_answer() -> None:
    """Under the loop of our services, where the driver has an error of its own for that."""

    async def scenario() -> None:
        hang_up = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        port = hang_up.sockets[0].getsockname()[1]
        database = Database(Address("127.0.0.1", port, "anybody", "any word"))
        await database.open()
        await _until(lambda: not database.answers)
        for _ in range(50):
            with pytest.raises(DatabaseUnavailableError):
                await _ask(database, 0)
        assert await database.ping() is not None
        hang_up.close()
        await hang_up.wait_closed()
        await database.close()

    uvloop.run(scenario())


def _database(masters: Masters) -> Database:
    password = secrets.load(masters.settings.secrets_dir, "portal")["db_password"]
    host = masters.servers["dc-a"].site.address
    return Database(Address(host, masters.settings.ports.mariadb, "portico_app", password))


async def _ask(database: Database, seconds: float) -> None:
    async with reading(database, PortalId(1)) as session:
        await session.first(SLEEP, seconds=seconds)


async def _until(is_so: Callable[[], bool], seconds: float = NOTICED_SECONDS) -> None:
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110  # another process has no event of ours
            await asyncio.sleep(0.05)
