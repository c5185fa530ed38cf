# ruff: noqa: S608 - statements made of this file's own words
"""Late transactions of a lost master, on two real servers: kept, shown, withdrawn, applied or dismissed."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from failover import late
from failover.compare import Comparer
from failover.database.session import Session
from failover.late import NotOwnerError, NotWithdrawableError, Selection
from failover.late.log import CONTENTS

from .masters import A, B, Masters, eventually, masters

ACTOR = 7
# The types that `late.rows` reads exactly
INTEGERS = {"tinyint", "smallint", "mediumint", "int", "bigint"}
READABLE = INTEGERS | {
    *(
        "double",
        "decimal",
        "date",
        "datetime",
        "timestamp",
        "char",
        "varchar",
        "binary",
        "varbinary",
    ),
    *(f"{size}{kind}" for size in ("tiny", "", "medium", "long") for kind in ("text", "blob")),
}
KINDS = """
CREATE TABLE portico.kinds (
  portal_id BIGINT NOT NULL, id BIGINT UNSIGNED NOT NULL,
  tiny TINYINT, small SMALLINT UNSIGNED, medium MEDIUMINT, big BIGINT, wide BIGINT UNSIGNED, number DOUBLE,
  amount DECIMAL(15,2), fine DECIMAL(30,10), part DECIMAL(5,5), day DATE, seen_at DATETIME(6),
  sent_at DATETIME(3), was_at TIMESTAMP(6) NULL, word CHAR(100), name VARCHAR(300), raw VARBINARY(64),
  sum BINARY(32), text MEDIUMTEXT, json JSON, file MEDIUMBLOB, PRIMARY KEY (portal_id, id)
)
"""
KIND_ROWS = """
INSERT INTO portico.kinds VALUES
(77, 9223372036854775813, -128, 65535, -8388608, -9223372036854775808, 18446744073709551615, 0.1,
 -1234567890123.45, -0.0000000001, 0.12345, '0999-01-02', '2026-11-21 22:00:00.000001',
 '2026-11-21 22:00:00.123', '2026-01-01 00:00:00.5', 'длинное', 'It''s \\\\x00 \\'quoted\\' 😀',
 X'00FF00', X'AB00', REPEAT('много ', 20000), '{"a": [1, null]}', REPEAT(X'00FF', 5000)),
(77, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
 NULL, NULL, NULL),
(77, 3, 0, 0, 0, 0, 0, 1e308, 0, 12345678901234567890.1234567890, 0, '1000-01-01',
 '9999-12-31 23:59:59.999999', '1000-01-01', '1970-01-01 00:00:01', '', '', '', '', '', '[]', '')
"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Masters]:
    with masters(tmp_path_factory.mktemp("late")) as found:
        found.write(A, KINDS)
        yield found


@pytest.fixture
def portal(pair: Masters) -> Iterator[int]:
    """A portal with three jobs' worth of rows on both servers, open at both."""
    (row,) = pair.rows(A, "SELECT COALESCE(MAX(portal_id), 0) + 1 AS portal FROM portico.journal")
    number = int(row["portal"])
    pair.write(A, *(status(number, code, "first") for code in "abc"), fact(number, "created", 1))
    for site in (A, B):
        pair.write(
            site,
            f"REPLACE INTO portico_fence.fence VALUES ('pair/1/{A}', 2, 'open')",
            f"REPLACE INTO portico_fence.fence VALUES ('portal/{number}', 5, 'open')",
            local=True,
        )
    eventually(pair.is_level)
    yield number
    if not pair.is_level():
        pair.rejoin(A, B)


def status(portal: int, code: str, name: str) -> str:
    return (
        "INSERT INTO portico.crm_statuses (portal_id, kind, code, name, position, colour)"
        f" VALUES ({portal}, 'k', '{code}', '{name}', 0, 'red')"
        f" ON DUPLICATE KEY UPDATE name = '{name}'"
    )


def removed(portal: int, code: str) -> str:
    return f"DELETE FROM portico.crm_statuses WHERE portal_id = {portal} AND code = '{code}'"


def fact(portal: int, verb: str, actor: int) -> str:
    return (
        "INSERT INTO portico.journal (portal_id, entity, entity_id, verb, actor, at, payload)"
        f" VALUES ({portal}, 'status', 1, '{verb}', {actor}, NOW(6), '{{}}')"
    )


def guard(portal: int | None) -> list[tuple[str, int]]:
    return [(f"pair/1/{A}", 2), *([(f"portal/{portal}", 5)] if portal else [])]


def names(pair: Masters, site: str, portal: int) -> dict[str, str]:
    query = "SELECT code, name FROM portico.crm_statuses WHERE portal_id = %s ORDER BY code"
    return {row["code"]: row["name"] for row in pair.rows(site, query, (portal,))}


async def changes(pair: Masters, portal: int, site: str = B) -> list[dict[str, Any]]:
    return await late.listed(pair.address(site), portal=portal)


def lose_with_changes(pair: Masters, portal: int) -> None:
    """dc-a changes ``a``, removes ``b``, adds ``d`` alone; then dc-b, which has taken over, changes ``a``."""
    pair.lose(
        A,
        B,
        [status(portal, "a", "late"), fact(portal, "renamed", ACTOR)],
        [removed(portal, "b"), status(portal, "d", "late")],
    )
    pair.write(B, status(portal, "a", "newer"), status(portal, "c", "newer"))


def journal(pair: Masters, portal: int) -> list[tuple[int, str]]:
    """Return the ids and verbs of the portal's journal at dc-b."""
    query = "SELECT id, verb FROM portico.journal WHERE portal_id = %s"
    return [(row["id"], row["verb"]) for row in pair.rows(B, query, (portal,))]


async def is_equal(pair: Masters) -> bool:
    comparer = Comparer(pair.address(A, "failover"), pair.address(B, "failover"))
    comparison = await comparer.run(1)
    assert comparer.report is not None
    return comparison.is_equal


async def test_every_late_change_is_kept_with_both_values_the_present_one_and_who_made_it(
    pair: Masters, portal: int
) -> None:
    before = pair.position(A)
    lose_with_changes(pair, portal)
    assert await late.keep(pair.address(A), pair.address(B)) == 4
    assert await late.keep(pair.address(A), pair.address(B)) == 0, "kept twice"
    kept = await changes(pair, portal)
    shown = [
        (
            c["kind"],
            c["table"],
            _name(c["before"]),
            _name(c["after"]),
            _name(c["present"]),
            c["actor"],
        )
        for c in kept
        if c["table"] == "portico.crm_statuses"
    ]
    assert shown == [
        ("update", "portico.crm_statuses", "first", "late", "newer", ACTOR),
        ("delete", "portico.crm_statuses", "first", None, "first", None),
        ("insert", "portico.crm_statuses", None, "late", None, None),
    ]
    assert kept[0]["key"] == {"portal_id": portal, "kind": "k", "code": "a"}
    last = int(before["1"].rsplit("-", 1)[1])
    assert [c["gtid"] for c in kept] == [f"1-1-{last + n}" for n in (1, 1, 2, 2)]
    await late.withdraw(pair.address(A), pair.address(B))


async def test_after_withdrawing_both_servers_are_equal_and_replicate_both_ways(
    pair: Masters, portal: int
) -> None:
    lose_with_changes(pair, portal)
    lost = pair.position(A)["1"]
    withdrawal = await late.withdraw(pair.address(A), pair.address(B))
    assert (withdrawal.undone, withdrawal.left) == (4, 0)
    assert names(pair, A, portal) == {"a": "first", "b": "first", "c": "first"}
    assert pair.position(A)["1"] == pair.position(B)["1"] == lost
    pair.rejoin(A, B)
    pair.write(A, status(portal, "e", "after"))
    pair.write(B, status(portal, "f", "after"))
    eventually(pair.is_level)
    expected = {"a": "newer", "b": "first", "c": "newer", "e": "after", "f": "after"}
    assert names(pair, A, portal) == names(pair, B, portal) == expected
    assert await is_equal(pair)
    assert len(await changes(pair, portal, A)) == len(await changes(pair, portal, B)) == 4


async def test_what_was_late_is_applied_one_by_one_where_the_row_is_still_as_it_was(
    pair: Masters, portal: int
) -> None:
    lose_with_changes(pair, portal)
    await late.withdraw(pair.address(A), pair.address(B))
    pair.rejoin(A, B)
    first, journal, removal, addition = await changes(pair, portal)
    outcome = await late.apply(pair.address(B), Selection(number=removal["number"]), guard)
    assert (outcome.done, outcome.left) == (1, 0)
    assert names(pair, B, portal) == {"a": "newer", "c": "newer"}
    outcome = await late.apply(pair.address(B), Selection(number=first["number"]), guard)
    assert (outcome.done, outcome.left) == (0, 1)
    (conflict,) = outcome.as_json()["conflicts"]
    assert (_name(conflict["before"]), _name(conflict["after"]), _name(conflict["present"])) == (
        "first",
        "late",
        "newer",
    )
    assert names(pair, B, portal)["a"] == "newer"
    outcome = await late.apply(
        pair.address(B), Selection(number=first["number"]), guard, overwrite=True
    )
    assert outcome.done == 1
    await late.dismiss(pair.address(B), Selection(number=addition["number"]), guard)
    eventually(pair.is_level)
    assert names(pair, A, portal) == names(pair, B, portal) == {"a": "late", "c": "newer"}
    assert [c["state"] for c in await changes(pair, portal, A)] == [
        "applied",
        "kept",
        "applied",
        "dismissed",
    ]
    assert journal["actor"] == ACTOR


async def test_all_of_a_portal_is_applied_transaction_by_transaction_and_once(
    pair: Masters, portal: int
) -> None:
    lose_with_changes(pair, portal)
    await late.withdraw(pair.address(A), pair.address(B))
    pair.rejoin(A, B)
    followed = journal(pair, portal)
    outcome = await late.apply(pair.address(B), Selection(portal=portal), guard)
    # the first transaction conflicts in one row, so its journal entry waits with it
    assert (outcome.done, outcome.left, len(outcome.conflicts)) == (2, 2, 1)
    assert names(pair, B, portal) == {"a": "newer", "c": "newer", "d": "late"}
    again = await late.apply(pair.address(B), Selection(portal=portal), guard, overwrite=True)
    assert (again.done, again.left) == (2, 0)
    last, new = max(followed), set(journal(pair, portal)) - set(followed)
    assert [verb for _, verb in new] == ["renamed"]
    assert min(new) > last, "whoever follows the journal has to meet what was applied"
    assert (await late.apply(pair.address(B), Selection(portal=portal), guard)).done == 0
    eventually(pair.is_level)
    assert names(pair, A, portal) == {"a": "late", "c": "newer", "d": "late"}
    assert await is_equal(pair)


async def test_nothing_is_applied_where_the_fence_is_closed(pair: Masters, portal: int) -> None:
    lose_with_changes(pair, portal)
    await late.withdraw(pair.address(A), pair.address(B))
    fence = f"UPDATE portico_fence.fence SET state = '%s' WHERE name = 'portal/{portal}'"
    pair.write(B, fence % "closed", local=True)
    with pytest.raises(NotOwnerError):
        await late.apply(pair.address(B), Selection(portal=portal), guard)
    with pytest.raises(NotOwnerError):
        await late.dismiss(pair.address(B), Selection(portal=portal), guard)
    assert {c["state"] for c in await changes(pair, portal)} == {"kept"}
    assert names(pair, B, portal)["b"] == "first"


async def test_withdrawing_may_break_off_anywhere_and_is_then_repeated(
    pair: Masters, portal: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_with_changes(pair, portal)
    real = Session.change
    for last in itertools.count():
        left = itertools.count(last, -1)

        async def change(self: Session, statement: str, arguments: Any = ()) -> int:
            if next(left) == 0:  # noqa: B023 - used within this turn only
                raise KilledError
            return await real(self, statement, arguments)

        monkeypatch.setattr(Session, "change", change)
        try:
            await late.withdraw(pair.address(A), pair.address(B))
            break
        except KilledError:
            passed = pair.position(B)["1"] == pair.position(A)["1"]
            is_undone = names(pair, A, portal) == {"a": "first", "b": "first", "c": "first"}
            assert is_undone or not passed, f"passed over before it was undone, at {last}"
    monkeypatch.undo()
    assert last > 10
    assert len(await changes(pair, portal)) == 4
    pair.rejoin(A, B)
    assert await is_equal(pair)


class KilledError(BaseException):
    """Stands for the end of the process."""


async def test_every_value_of_every_type_comes_back_as_it_was(pair: Masters, portal: int) -> None:
    pair.write(A, KIND_ROWS)
    eventually(pair.is_level)
    pair.lose(
        A,
        B,
        [
            "UPDATE portico.kinds SET wide = 1, raw = X'01', name = 'x', file = NULL, fine = 1, sum = ''"
        ],
        ["DELETE FROM portico.kinds WHERE id = 3"],
        ["UPDATE portico.kinds SET id = 4, text = '' WHERE id = 2"],
    )
    assert (await late.withdraw(pair.address(A), pair.address(B))).left == 0
    pair.rejoin(A, B)
    assert await is_equal(pair)
    outcome = await late.apply(pair.address(B), Selection(portal=77), guard_of_side)
    assert (outcome.done, outcome.left) == (5, 0)
    (row,) = pair.rows(B, "SELECT GROUP_CONCAT(id ORDER BY id) AS ids FROM portico.kinds")
    assert row["ids"] == "4,9223372036854775813"


def guard_of_side(portal: int | None) -> list[tuple[str, int]]:
    return [(f"pair/1/{A}", 2)]


async def test_a_server_in_service_is_not_withdrawn(pair: Masters, portal: int) -> None:
    with pytest.raises(NotWithdrawableError, match="takes writes"):
        await late.withdraw(pair.address(A), pair.address(B))


async def test_the_log_is_readable_for_every_column_we_have(pair: Masters) -> None:
    found = pair.rows(
        A,
        "SELECT DISTINCT DATA_TYPE AS type FROM information_schema.COLUMNS"
        " WHERE TABLE_SCHEMA IN %s AND GENERATION_EXPRESSION IS NULL",
        (CONTENTS,),
    )
    assert {row["type"] for row in found} <= READABLE


async def test_a_schema_change_that_came_late_is_withdrawn_once_somebody_has_undone_it(
    pair: Masters, portal: int
) -> None:
    statement = "CREATE TABLE portico.late (id INT PRIMARY KEY)"
    pair.lose(A, B, [statement], [status(portal, "a", "late")])
    with pytest.raises(NotWithdrawableError, match="undo it by hand"):
        await late.withdraw(pair.address(A), pair.address(B))
    assert names(pair, A, portal)["a"] == "late"
    everything = await late.listed(pair.address(B), limit=1000)
    (change,) = [change for change in everything if change["kind"] == "statement"]
    assert change["statement"] == statement
    pair.write(A, "DROP TABLE portico.late", local=True)
    await late.dismiss(pair.address(B), Selection(is_portalless=True), guard)
    await late.withdraw(pair.address(A), pair.address(B))
    pair.rejoin(A, B)
    assert await is_equal(pair)


def _name(image: dict[str, Any] | None) -> str | None:
    return None if image is None else image["name"]
