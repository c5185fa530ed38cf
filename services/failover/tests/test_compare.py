# ruff: noqa: S608 - statements made of this file's own words
"""Comparing the contents of two real servers while they are written."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Iterator
from typing import Any

import psutil
import pytest

from failover.compare import Comparer
from failover.state import Comparison

from .masters import A, B, Masters, eventually, masters

MANY = 200_000
MEGABYTE = 1 << 20

KINDS = """
CREATE TABLE portico.kinds (
  portal_id BIGINT NOT NULL, id BIGINT UNSIGNED NOT NULL, code VARCHAR(20) NOT NULL,
  wide BIGINT UNSIGNED, amount DECIMAL(15,2), seen_at DATETIME(6), text TEXT, json JSON,
  bytes MEDIUMBLOB, sum BINARY(8), single FLOAT, flags BIT(10), word ENUM('a', 'b'), day DATE, took TIME(6),
  PRIMARY KEY (portal_id, code, id)
)
"""
ROW = (
    "INSERT INTO portico.kinds VALUES ({portal}, {id}, 'код', 18446744073709551614, 10.50,"
    " '2026-11-21 22:00:00.000001', 'Привет 😀', '{{\"a\": 1}}', X'00FF', X'01', 0.1, b'1', 'a',"
    " '2026-11-21', '12:00:00')"
)
# What one server's row becomes, and the column that the report must name
HARM = [
    ("wide", "18446744073709551615"),
    ("amount", "10.51"),
    ("amount", "NULL"),
    ("seen_at", "'2026-11-21 22:00:00.000002'"),
    ("text", "'Привет 😁'"),
    ("text", "'привет 😀'"),
    ("text", "'Привет 😀 '"),
    ("text", "''"),
    ("text", "NULL"),
    ("json", "'{\"a\":1}'"),
    ("bytes", "X'00FE'"),
    ("bytes", "X'00FF00'"),
    ("sum", "X'02'"),
    ("single", "0.10000002"),
    ("flags", "b'11'"),
    ("word", "'b'"),
    ("day", "'2026-11-22'"),
    ("took", "'12:00:00.000001'"),
]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Masters]:
    with masters(tmp_path_factory.mktemp("compare")) as found:
        found.write(A, KINDS)
        found.write(A, *(ROW.format(portal=1, id=number) for number in range(1, len(HARM) + 1)))
        eventually(found.is_level)
        yield found


@pytest.fixture
def comparer(pair: Masters) -> Comparer:
    return Comparer(pair.address(B, "failover"), pair.address(A, "failover"))


def differences(comparer: Comparer) -> list[dict[str, Any]]:
    assert comparer.report is not None
    found: list[dict[str, Any]] = comparer.report.as_json()["differences"]
    return found


@contextlib.asynccontextmanager
async def written_all_the_time(pair: Masters) -> AsyncIterator[list[int]]:
    """Write a portal of each side until the block ends: new rows, and one row again and again."""
    counts = [0, 0]

    def write(place: int, site: str) -> None:
        counts[place] += 1
        pair.write(
            site,
            f"INSERT INTO portico.journal (portal_id, entity, entity_id, verb, at, payload)"
            f" VALUES ({place + 10}, 'lead', 1, 'changed', NOW(6), 'x')",
            "INSERT INTO portico.crm_statuses (portal_id, kind, code, name, position, colour)"
            f" VALUES ({place + 10}, 'k', 'c', 'n', 0, 'red')"
            f" ON DUPLICATE KEY UPDATE name = '{counts[place]}'",
        )

    async def go_on(place: int, site: str) -> None:
        while not is_over.is_set():
            await asyncio.to_thread(write, place, site)

    is_over = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for place, site in enumerate((A, B)):
            group.create_task(go_on(place, site))
        yield counts
        is_over.set()


async def test_equal_contents_are_equal_while_both_servers_are_written(
    pair: Masters, comparer: Comparer
) -> None:
    async with written_all_the_time(pair) as counts:
        for revision in itertools.count(1):
            assert await comparer.run(revision) == Comparison(revision, is_equal=True), differences(
                comparer
            )
            if revision >= 7 and min(counts) > 10:
                break


async def test_every_differing_value_is_found_and_its_row_and_column_are_named(
    pair: Masters, comparer: Comparer
) -> None:
    changes = [
        f"UPDATE portico.kinds SET {column} = {value} WHERE id = {number}"
        for number, (column, value) in enumerate(HARM, 1)
    ]
    pair.write(B, *changes, local=True)
    try:
        async with written_all_the_time(pair):
            comparison = await comparer.run(7)
    finally:
        pair.write(B, "DELETE FROM portico.kinds", local=True)
        pair.write(
            B, *(ROW.format(portal=1, id=number) for number in range(1, len(HARM) + 1)), local=True
        )
    assert comparison == Comparison(7, is_equal=False)
    (difference,) = differences(comparer)
    assert (difference["table"], difference["portal"]) == ("portico.kinds", 1)
    assert difference["count"] == len(HARM)
    assert difference["rows"] == [
        {"key": ["1", "код", str(number)], "kind": "changed", "columns": [column]}
        for number, (column, _) in enumerate(HARM, 1)
    ]
    assert (await comparer.run(8)).is_equal


async def test_missing_and_extra_rows_are_told_apart_per_portal(
    pair: Masters, comparer: Comparer
) -> None:
    pair.write(B, "DELETE FROM portico.kinds WHERE id = 1", local=True)
    pair.write(B, ROW.format(portal=9, id=1), local=True)
    await comparer.run(1)
    pair.write(B, ROW.format(portal=1, id=1), local=True)
    pair.write(B, "DELETE FROM portico.kinds WHERE portal_id = 9", local=True)
    found = {(d["portal"], d["rows"][0]["kind"], d["count"]) for d in differences(comparer)}
    assert found == {(1, "missing", 1), (9, "extra", 1)}


async def test_a_row_of_the_installation_counts_too(pair: Masters, comparer: Comparer) -> None:
    pair.write(B, "UPDATE portico.plans SET price = price + 1 WHERE code = 'team'", local=True)
    await comparer.run(1)
    pair.write(B, "UPDATE portico.plans SET price = price - 1 WHERE code = 'team'", local=True)
    (difference,) = differences(comparer)
    assert (difference["table"], difference["portal"]) == ("portico.plans", None)
    assert difference["rows"] == [{"key": ["team"], "kind": "changed", "columns": ["price"]}]


async def test_tables_that_are_not_alike_are_differences(pair: Masters, comparer: Comparer) -> None:
    pair.write(B, "CREATE TABLE portico.stray (id INT PRIMARY KEY)", local=True)
    pair.write(B, "ALTER TABLE portico.kinds ADD COLUMN more INT", local=True)
    await comparer.run(1)
    pair.write(B, "DROP TABLE portico.stray", local=True)
    pair.write(B, "ALTER TABLE portico.kinds DROP COLUMN more", local=True)
    assert {d["table"]: d["problem"] for d in differences(comparer)} == {
        "portico.stray": "table is extra",
        "portico.kinds": "definitions differ",
    }


async def test_a_comparison_broken_off_half_way_leaves_replication_as_it_was(
    pair: Masters, comparer: Comparer
) -> None:
    appliers = (
        "SELECT MAX(ID) AS applier FROM information_schema.PROCESSLIST WHERE COMMAND = 'Slave_SQL'"
    )
    before = pair.rows(B, appliers)
    begun = asyncio.Event()
    task = asyncio.create_task(comparer.run(1, lambda text: begun.set()))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert pair.threads(B) == ("Yes", "Yes")
    assert pair.rows(B, appliers) == before  # the run that was sworn goes on
    eventually(lambda: not _sessions(pair, A) and not _sessions(pair, B))


async def test_many_rows_are_compared_in_little_memory_and_scattered_harm_is_counted(
    pair: Masters, comparer: Comparer
) -> None:
    pair.write(
        A,
        "INSERT INTO portico.journal (portal_id, entity, entity_id, verb, at, payload)"
        f" SELECT 100 + seq % 7, 'lead', seq, 'changed', NOW(6), REPEAT('x', 60) FROM seq_1_to_{MANY}",
    )
    eventually(pair.is_level)
    pair.write(
        B,
        "DELETE FROM portico.journal WHERE portal_id = 103 AND entity_id % 1000 = 3",
        "INSERT INTO portico.journal (portal_id, entity, entity_id, verb, at, payload)"
        " SELECT 99, 'lead', seq, 'changed', NOW(6), '' FROM seq_1_to_300",
        local=True,
    )
    (kept,) = pair.rows(B, "SELECT COUNT(*) AS n FROM portico.journal WHERE portal_id = 103")
    (whole,) = pair.rows(A, "SELECT COUNT(*) AS n FROM portico.journal WHERE portal_id = 103")
    process = psutil.Process()
    before = process.memory_info().rss
    peaks = [before]
    await comparer.run(1, lambda text: peaks.append(process.memory_info().rss))
    counts = {(d["table"], d["portal"]): d["count"] for d in differences(comparer)}
    assert counts == {
        ("portico.journal", 103): whole["n"] - kept["n"],
        ("portico.journal", 99): 300,
    }
    assert max(len(d["rows"]) for d in differences(comparer)) == 20
    assert max(peaks) - before < 64 * MEGABYTE


def _sessions(pair: Masters, site: str) -> list[dict[str, Any]]:
    return pair.rows(
        site, "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'portico_failover'"
    )
