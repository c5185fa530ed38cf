"""Ids of the datacentres never meet, however long they write apart."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pymysql.connections import Connection

from testkit import mariadb
from testkit.mariadb import Masters

ROWS, AT_ONCE = 1_000_000, 50_000  # of each datacentre; of one transaction
TOGETHER_WITHIN_SECONDS = 300


@pytest.fixture(scope="module")
def masters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Masters]:
    """The two masters of a pair, both open, with a table that counts its rows itself."""
    with mariadb.running(tmp_path_factory.mktemp("masters")) as running:
        for server in running.servers.values():
            ask(server.connect_as_root(), "SET GLOBAL read_only = OFF")
        first = next(iter(running.servers.values())).connect_as_root()
        ask(first, "CREATE TABLE made (id BIGINT AUTO_INCREMENT PRIMARY KEY, dc VARCHAR(8))")
        yield running


@pytest.mark.timeout(900)
@pytest.mark.feature("ARCH-34")
def test_two_million_rows_made_apart_come_together_without_a_collision(masters: Masters) -> None:
    sessions = {name: server.connect_as_root() for name, server in masters.servers.items()}
    for session in sessions.values():
        wait_until(
            session, "SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'made'", 1
        )
    for session in sessions.values():  # the link is cut, and each side goes on alone
        ask(session, "STOP SLAVE")
        ask(session, "SET GLOBAL rpl_semi_sync_master_enabled = OFF")

    with ThreadPoolExecutor() as pool:
        list(pool.map(make_rows, sessions.values(), sessions))
    apart = {name: ids_by_dc(session) for name, session in sessions.items()}
    for session in sessions.values():
        ask(session, "START SLAVE")
    for session in sessions.values():
        wait_until(session, "SELECT COUNT(*) FROM made", 2 * ROWS)

    assert apart == {"dc-a": {"dc-a": (ROWS, 1)}, "dc-b": {"dc-b": (ROWS, 0)}}
    together = {"dc-a": (ROWS, 1), "dc-b": (ROWS, 0)}
    for session in sessions.values():
        assert ids_by_dc(session) == together  # as many as were made: none gave way to another
        assert applier_of(session) == ("Yes", "Yes", 0)


@pytest.mark.feature("ARCH-34")
def test_three_datacentres_count_in_steps_of_three(masters: Masters) -> None:
    session = next(iter(masters.servers.values())).connect_as_root()
    ask(session, "SET SESSION auto_increment_increment = 3")
    ask(session, "CREATE TEMPORARY TABLE mine (id BIGINT AUTO_INCREMENT PRIMARY KEY, dc INT)")
    for _ in range(3):
        for dc in (1, 2, 3):
            ask(session, "SET SESSION auto_increment_offset = %s", dc)
            ask(session, "INSERT INTO mine (dc) SELECT %s FROM seq_1_to_10", dc)

    classes = ask(session, "SELECT dc, COUNT(*), MIN(id % 3), MAX(id % 3) FROM mine GROUP BY dc")
    assert classes == ((1, 30, 1, 1), (2, 30, 2, 2), (3, 30, 0, 0))


def make_rows(session: Connection, dc: str) -> None:
    for _ in range(ROWS // AT_ONCE):
        ask(session, "INSERT INTO made (dc) SELECT %s FROM seq_1_to_50000", dc)


def ids_by_dc(session: Connection) -> dict[str, tuple[int, int]]:
    """How many rows each datacentre made, and whether their ids are odd: 1, even: 0, mixed: 2."""
    found = ask(session, "SELECT dc, COUNT(*), MIN(id % 2), MAX(id % 2) FROM made GROUP BY dc")
    return {dc: (count, int(low) if low == high else 2) for dc, count, low, high in found}


def applier_of(session: Connection) -> tuple[Any, ...]:
    """Whether receiver and applier run, and the applier's last error."""
    (status,) = ask(session, "SHOW SLAVE STATUS")
    return status[10], status[11], status[36]


def wait_until(session: Connection, count: str, expected: int) -> None:
    deadline = time.monotonic() + TOGETHER_WITHIN_SECONDS
    while ask(session, count) != ((expected,),):
        assert time.monotonic() < deadline, f"{count} is {ask(session, count)}"
        time.sleep(0.5)


def ask(session: Connection, statement: str, *arguments: object) -> tuple[tuple[Any, ...], ...]:
    """Run a statement and return its rows."""
    with session.cursor() as cursor:
        cursor.execute(statement, arguments or None)
        return tuple(cursor.fetchall())
