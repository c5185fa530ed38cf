"""The verbs on a running cluster: there and back again."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import pymysql
import pytest

from console.errors import Ending
from kernel import secrets
from kernel.settings import Settings
from testkit.portals import TestPortal

from .running import portico

pytestmark = pytest.mark.cluster
A, B = "dc-a", "dc-b"


@pytest.fixture(autouse=True)
def two_datacentres(settings: Settings) -> None:
    if len(settings.datacentres) == 1:
        pytest.skip("the box has nothing to switch")


def test_a_side_goes_to_the_other_datacentre_and_home(settings: Settings) -> None:
    away = outcome("switch", "pair", "1", "--side", A, "--to", B)
    serving = pair(settings)["serving"]
    home = outcome("switch", "pair", "1", "--side", A, "--to", A)

    assert (away["outcome"], home["outcome"]) == ("done", "done")
    assert serving == {A: B, B: B}
    assert pair(settings)["serving"] == {A: A, B: B}
    assert 0 < away["pause_ms"] < 10_000


def test_a_portal_goes_to_the_other_datacentre_and_home(acme: TestPortal) -> None:
    home = json.loads(portico("portal", "show", acme.label, "--json").stdout)["home"]
    other = B if home == A else A

    assert outcome("switch", "portal", acme.label, "--to", other)["outcome"] == "done"
    assert "already" in outcome("switch", "portal", acme.label, "--to", other)["why"]
    assert outcome("switch", "portal", acme.label, "--to", home)["outcome"] == "done"


@pytest.mark.feature("ARCH-43")
def test_a_suspended_datacentre_comes_back_only_when_it_equals_its_peer(
    settings: Settings, acme: TestPortal
) -> None:
    suspended = outcome("dc", "suspend", A)
    out = pair(settings)
    stopped_at = {dc: replication_of(settings, dc) for dc in (A, B)}
    made = write(settings, acme)
    stands_at = positions(replication_of(settings, A))
    with spoilt(settings, acme):
        stopped = portico("dc", "resume", A)
        still_out = pair(settings)
    compared = portico("compare", "1")
    resumed = portico("dc", "resume", A)

    assert suspended["outcome"] == "done"
    assert (out["mode"], out["away"], out["parked"]) == ("SOLO", A, True)
    assert_replication_was_stopped_cleanly(stopped_at)
    assert f"{A} has {told(stopped_at[A])}; {B} has {told(stopped_at[B])}" in suspended["why"]
    assert re.search(rf"suspended by an operator; {A} has {A}:\d+ {B}:\d+; {B} has", last_why(out))
    assert made.status_code == httpx.codes.CREATED, made.text
    assert stands_at == positions(stopped_at[A]), "what is written now does not reach it"
    assert stopped.returncode == Ending.STOPPED
    assert f"the contents of {A} differ from its peer's" in stopped.stdout
    assert f"portal {acme.id}, portico.departments: rows differ (1)" in stopped.stdout
    assert still_out["away"] == A
    assert compared.returncode == Ending.DONE, compared.stdout
    assert resumed.returncode == Ending.DONE, resumed.stdout
    back = pair(settings)
    assert (back["mode"], back["away"], back["serving"]) == ("SYNC", None, {A: A, B: B})


def assert_replication_was_stopped_cleanly(servers: Mapping[str, Mapping[str, Any]]) -> None:
    """Nobody receives, everything that was received is applied, and nothing went wrong."""
    for row in servers.values():
        assert row["Slave_IO_Running"] == "No"
        assert (row["Last_IO_Errno"], row["Last_SQL_Errno"]) == (0, 0)
        assert positions(row) == received(row)


def last_why(seen: Any) -> str:
    why: str = seen["decisions"][-1]["why"]
    return why


def told(row: Mapping[str, Any]) -> str:
    """Say a position as the operator reads it."""
    found = positions(row)
    return f"{A}:{found.get(1, 0)} {B}:{found.get(2, 0)}"


def write(settings: Settings, portal: TestPortal) -> httpx.Response:
    """Make a department of a portal at the front door."""
    door = f"http://{settings.door.address}:{settings.door.http}/api/v1/departments"
    who = {"Host": portal.host, "Authorization": f"Bearer {portal.token}"}
    name = {"name": f"Meanwhile {time.monotonic_ns()}"}
    return httpx.post(door, json=name, headers=who, timeout=20, trust_env=False)


def replication_of(settings: Settings, dc: str) -> dict[str, Any]:
    """Return what a server says of its replication, with its positions."""
    with root_at(settings, dc) as cursor:
        cursor.execute("SHOW SLAVE STATUS")
        names = [column[0] for column in cursor.description]
        row = dict(zip(names, cursor.fetchone() or (), strict=True))
        cursor.execute("SELECT @@gtid_slave_pos, @@gtid_binlog_pos")
        slave, binlog = cursor.fetchone() or ("", "")
    return {**row, "applied": f"{slave},{binlog}"}


def positions(row: Mapping[str, Any]) -> dict[int, int]:
    """Return the last transaction of each datacentre's GTID domain that a server has."""
    return latest(row["applied"])


def received(row: Mapping[str, Any]) -> dict[int, int]:
    """Return the last transaction of each domain that has arrived, or was there."""
    return latest(f"{row['Gtid_IO_Pos']},{row['applied']}")


def latest(gtids: str) -> dict[int, int]:
    found: dict[int, int] = {}
    for domain, _, number in (map(int, gtid.split("-")) for gtid in gtids.split(",") if gtid):
        found[domain] = max(number, found.get(domain, 0))
    return found


@contextmanager
def spoilt(settings: Settings, acme: TestPortal) -> Iterator[None]:
    """Change a row of one server behind the back of replication, then put it back."""
    rename = "UPDATE portico.departments SET name = {} WHERE portal_id = %s ORDER BY id LIMIT 1"
    with root_at_a(settings) as cursor:
        cursor.execute("SET SESSION sql_log_bin = 0")
        cursor.execute(rename.format("CONCAT(name, '!')"), (acme.id,))
    yield
    with root_at_a(settings) as cursor:
        cursor.execute("SET SESSION sql_log_bin = 0")
        cursor.execute(rename.format("LEFT(name, CHAR_LENGTH(name) - 1)"), (acme.id,))


@contextmanager
def root_at_a(settings: Settings) -> Iterator["pymysql.cursors.Cursor"]:
    with root_at(settings, A) as cursor:
        yield cursor


@contextmanager
def root_at(settings: Settings, dc: str) -> Iterator["pymysql.cursors.Cursor"]:
    password = secrets.load(settings.secrets_dir, "mariadb")["root_password"]
    socket = settings.data_dir(dc, "mariadb") / "mysqld.sock"
    connection = pymysql.connect(
        unix_socket=str(socket), user="root", password=password, autocommit=True
    )
    with connection, connection.cursor() as cursor:
        yield cursor


def test_both_databases_are_compared_while_in_use(settings: Settings) -> None:
    compared = outcome("compare", "1")

    assert compared["outcome"] == "done"
    assert "both databases are equal" in compared["why"]


@pytest.fixture
def late(settings: Settings, acme: TestPortal) -> Iterator[list[int]]:
    """Two late changes of a department of one portal: the second no longer fits."""
    with root_at_a(settings) as cursor:
        cursor.execute(
            "SELECT id, name, parent_id FROM portico.departments WHERE portal_id = %s LIMIT 1",
            (acme.id,),
        )
        found = cursor.fetchone()
        assert found is not None
        row = {
            "portal_id": acme.id,
            **dict(zip(("id", "name", "parent_id"), found, strict=True)),
        }
        numbers = []
        for ordinal, before in enumerate((row, {**row, "name": "of yesterday"})):
            after = {**row, "name": f"too late {ordinal}"}
            key = {name: row[name] for name in ("portal_id", "id")}
            cursor.execute(
                INSERT, (acme.id, ordinal, acme.id, *map(json.dumps, (key, before, after)))
            )
            numbers.append(cursor.lastrowid)
        yield numbers
        cursor.execute("DELETE FROM portico_late.changes WHERE portal = %s", (acme.id,))


INSERT = """
INSERT INTO portico_late.changes
  (domain, server, sequence, ordinal, at, portal, actor, kind, name, row_key, before_image, after_image,
   state)
VALUES (9, 9, %s, %s, UTC_TIMESTAMP(), %s, 1, 'update', 'portico.departments', %s, %s, %s, 'kept')
"""


def test_late_changes_are_listed_shown_applied_and_dismissed(
    late: list[int], acme: TestPortal
) -> None:
    fits, conflicts = late
    listed = json.loads(portico("late", "list", "1", "--portal", str(acme.id), "--json").stdout)
    shown = portico("late", "show", "1", str(conflicts)).stdout

    assert [change["number"] for change in listed["changes"]] == late
    assert "of yesterday" in shown
    assert "too late" in shown
    assert portico("late", "apply", "1", str(fits)).returncode == Ending.DONE
    stopped = portico("late", "apply", "1", str(conflicts))
    assert stopped.returncode == Ending.STOPPED
    assert portico("late", "dismiss", "1", str(conflicts)).returncode == Ending.DONE
    states = json.loads(portico("late", "list", "1", "--portal", str(acme.id), "--json").stdout)
    assert [change["state"] for change in states["changes"]] == ["applied", "dismissed"]


@pytest.mark.parametrize(
    ("words", "ending"),
    [
        (("late", "apply", "1"), 2),
        (("late", "apply", "1", "7", "--all"), 2),
        (("late", "apply", "1", "999999999"), Ending.REFUSED),
        (("late", "show", "1", "999999999"), Ending.REFUSED),
        (("late", "withdraw", "1"), Ending.REFUSED),
        (("late", "list", "9"), Ending.REFUSED),
        (("compare", "9"), Ending.REFUSED),
        (("switch", "portal", "12345", "--to", B), Ending.REFUSED),
        (("switch", "portal", "nobody-has-this", "--to", B), Ending.FAILED),
    ],
)
def test_what_makes_no_sense_is_refused(
    settings: Settings, words: tuple[str, ...], ending: int
) -> None:
    before = pair(settings)["revision"]

    assert portico(*words).returncode == ending
    assert pair(settings)["revision"] == before


def outcome(*words: str) -> Any:
    done = portico(*words, "--json")
    assert done.returncode == Ending.DONE, done.stdout + done.stderr
    (only,) = json.loads(done.stdout)["outcomes"]
    return only


def pair(settings: Settings) -> Any:
    url = f"http://{settings.site(B).address}:{settings.ports.failover}/v1/status"
    (only,) = httpx.get(url, timeout=10, trust_env=False).json()["pairs"]
    return only
