"""``up`` on a cluster that runs, and what it has made."""

import os
import subprocess
import sys
import time

import pymysql
import pytest

from kernel import secrets
from kernel.settings import SETTINGS_VARIABLE, Settings, Site

pytestmark = pytest.mark.cluster
AGAIN_SECONDS = 20.0  # a real start on a machine with nothing else to do


def test_a_second_up_only_prints_the_addresses_and_is_quick(settings: Settings) -> None:
    started_at = time.monotonic()
    shown = subprocess.run(  # noqa: S603  # ours
        _up(), capture_output=True, text=True, timeout=60, check=True
    ).stdout
    seconds = time.monotonic() - started_at

    assert f"http://{settings.door.address}:{settings.door.http}" in shown
    assert f"https://{settings.door.address}:{settings.door.https}" in shown
    assert "database of" not in shown
    assert seconds < AGAIN_SECONDS


def test_two_at_once_both_succeed(settings: Settings) -> None:
    both = [subprocess.Popen(_up(), stdout=subprocess.DEVNULL) for _ in range(2)]  # noqa: S603  # ours

    assert [process.wait(100) for process in both] == [0, 0]


def test_ids_of_the_datacentres_never_meet(settings: Settings) -> None:
    step, offset = "SELECT @@auto_increment_increment", "SELECT @@auto_increment_offset"
    sites = settings.datacentres

    assert {_ask(settings, site, "portico_monitor", step) for site in sites} == {settings.id_step}
    offsets = {_ask(settings, site, "portico_monitor", offset) for site in sites}
    assert len(offsets) == len(sites)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE portico_fence.fence SET epoch = 99",
        "CREATE TABLE portico.mine (id INT)",
        "SET SESSION sql_log_bin = 0",
        "SET GLOBAL read_only = 1",
        "SELECT * FROM mysql.global_priv",
    ],
)
def test_the_application_user_may_only_touch_rows(settings: Settings, statement: str) -> None:
    for site in settings.datacentres:
        with pytest.raises(pymysql.MySQLError, match="denied"):
            _ask(settings, site, "portico_app", statement)


def test_root_is_not_reached_over_the_network(settings: Settings) -> None:
    password = secrets.load(settings.secrets_dir, "mariadb")["root_password"]
    site = settings.datacentres[0]

    with pytest.raises(pymysql.OperationalError, match="denied"):
        pymysql.connect(
            host=site.address, port=settings.ports.mariadb, user="root", password=password
        )


def test_each_datacentre_opens_the_fence_of_its_own_side(settings: Settings) -> None:
    for pair in settings.pairs:
        for name in pair.sites:
            fence = "SELECT state FROM portico_fence.fence WHERE name = %s"
            row = f"pair/{pair.id}/{name}"
            assert _ask(settings, settings.site(name), "portico_app", fence, row) == b"open"


def _up() -> list[str]:
    file = os.environ[SETTINGS_VARIABLE]
    return [sys.executable, "-m", "cluster", "up", "--fast", "--settings", file]


def _ask(settings: Settings, site: Site, user: str, statement: str, *values: str) -> object:
    role, name = {
        "portico_app": ("portal", "db_password"),
        "portico_monitor": ("operator", "monitor_password"),
    }[user]
    connection = pymysql.connect(
        host=site.address,
        port=settings.ports.mariadb,
        user=user,
        password=secrets.load(settings.secrets_dir, role)[name],
        connect_timeout=30,
        read_timeout=30,
    )
    with connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
    return row[0] if row else None
