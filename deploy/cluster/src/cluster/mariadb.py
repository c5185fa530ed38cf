"""One MariaDB master: its first start, its users, its fence.

All of it is written with ``sql_log_bin=0``, on each server for itself. Replicated, the same statements
would collide on the other side; and a master without its peer would wait for the acknowledgement of
what it wrote for ever.
"""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pymysql
from pymysql.converters import escape_string
from pymysql.cursors import DictCursor

from cluster import command, late_tables
from cluster.layout import Layout
from kernel import secrets
from kernel.settings import Pair, Site

CONNECT_SECONDS = 5
STATEMENT_SECONDS = 60

_OF_TENANTS = ("SELECT, INSERT, UPDATE, DELETE ON portico.*", "SELECT ON portico_fence.*")
# user -> the role and name of its password, what it may do
USERS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "portico_app": ("portal", "db_password", _OF_TENANTS),
    "portico_worker": ("worker", "db_password", _OF_TENANTS),
    # opens the fence of a new portal, on this server alone
    "portico_provision": (
        "signup",
        "db_password",
        ("SELECT, INSERT, UPDATE, DELETE ON portico_fence.*", "BINLOG ADMIN ON *.*"),
    ),
    "portico_migrate": ("mariadb", "migrate_password", ("ALL ON portico.*",)),
    "portico_repl": ("mariadb", "repl_password", ("REPLICATION SLAVE ON *.*",)),
    "portico_monitor": (
        "mariadb",
        "monitor_password",
        ("PROCESS, BINLOG MONITOR, SLAVE MONITOR ON *.*",),
    ),
    "portico_failover": (
        "failover",
        "db_password",
        (
            "REPLICATION SLAVE ADMIN, REPLICATION MASTER ADMIN ON *.*",
            "READ_ONLY ADMIN, BINLOG ADMIN, BINLOG MONITOR, SLAVE MONITOR, PROCESS ON *.*",
            "CONNECTION ADMIN ON *.*",  # to end its own receiver, and to come in when all is full
            "SELECT, INSERT, UPDATE, DELETE ON portico_fence.*",
            "SELECT ON portico.*",  # to compare
            "SELECT ON portico_late.*",
        ),
    ),
    "portico_repair": ("failover", "repair_password", late_tables.GRANTS),
    # asks for a sign of life, from every site
    "portico_probe": ("failover", "probe_password", ("USAGE ON *.*",)),
}

# Only root at the socket is left of the accounts a fresh server has, and never without a password
_FIRST_WORDS = """
DELETE FROM mysql.global_priv WHERE NOT (Host = 'localhost' AND User IN ('root', 'mariadb.sys'));
DELETE FROM mysql.proxies_priv WHERE Host <> 'localhost';
FLUSH PRIVILEGES;
ALTER USER root@localhost IDENTIFIED BY '{password}';
"""

_FENCE = """
CREATE TABLE IF NOT EXISTS portico_fence.fence (
  name VARBINARY(64) NOT NULL PRIMARY KEY,
  epoch BIGINT UNSIGNED NOT NULL,
  state VARBINARY(8) NOT NULL COMMENT 'open or closed'
) ENGINE=InnoDB
"""
_OBEYED = """
CREATE TABLE IF NOT EXISTS portico_fence.obeyed (
  id TINYINT NOT NULL PRIMARY KEY COMMENT 'always 1',
  revision BIGINT UNSIGNED NOT NULL COMMENT 'the highest record a command was obeyed of'
) ENGINE=InnoDB
"""
_FIRST_TERM = 1


def install(layout: Layout, site: Site) -> None:
    """Make the empty database of a server that has none; an unfinished one is made anew."""
    data = layout.data(site.name, "mariadb")
    done = data / "installed"
    if done.exists():
        return
    user = layout.server_user("mysql")
    shutil.rmtree(data, ignore_errors=True)
    for folder in (data, data / "data", data / "tmp"):
        folder.mkdir(parents=True, mode=0o700)
    first_words = data / "first.sql"
    password = secrets.load(layout.settings.secrets_dir, "mariadb")["root_password"]
    first_words.write_text(_FIRST_WORDS.format(password=escape_string(password)))
    if user:
        for path in (data, *data.iterdir()):
            shutil.chown(path, user, user)
    config = layout.config(site.name, "my.cnf")
    flags = (f"--defaults-file={config}", "--auth-root-authentication-method=normal")
    words = ("mariadb-install-db", *flags, "--skip-test-db", f"--extra-file={first_words}")
    command.run(layout, words, user=user)
    first_words.unlink()
    done.touch()


def ensure_contents(layout: Layout, site: Site) -> None:
    """Make the databases, the users and the fence; what exists is kept, passwords are set again."""
    with session(layout, site) as database:
        database.execute("CREATE DATABASE IF NOT EXISTS portico")
        database.execute("CREATE DATABASE IF NOT EXISTS portico_fence")
        database.execute(_FENCE)
        database.execute(_OBEYED)
        database.execute(late_tables.DATABASE)
        for table in late_tables.TABLES:
            database.execute(table)
        for user, (role, password, grants) in USERS.items():
            secret = secrets.load(layout.settings.secrets_dir, role)[password]
            database.execute(f"CREATE USER IF NOT EXISTS {user}@'%%' IDENTIFIED BY %s", (secret,))
            database.execute(f"ALTER USER {user}@'%%' IDENTIFIED BY %s", (secret,))
            for grant in grants:
                database.execute(f"GRANT {grant} TO {user}@'%'")


def open_first_term(layout: Layout, site: Site, pair: Pair) -> None:
    """Open the fence of the site's own side in a new pair; from then on fences are the agents'."""
    with session(layout, site) as database:
        database.execute(
            "INSERT IGNORE INTO portico_fence.fence (name, epoch, state) VALUES (%s, %s, 'open')",
            (f"pair/{pair.id}/{site.name}", _FIRST_TERM),
        )


@contextlib.contextmanager
def session(layout: Layout, site: Site) -> Iterator[DictCursor]:
    """Open a session of root over the socket that writes nothing to the binary log."""
    connection = pymysql.connect(
        unix_socket=str(socket(layout, site)),
        user="root",
        password=secrets.load(layout.settings.secrets_dir, "mariadb")["root_password"],
        autocommit=True,
        connect_timeout=CONNECT_SECONDS,
        read_timeout=STATEMENT_SECONDS,
        write_timeout=STATEMENT_SECONDS,
        init_command="SET SESSION sql_log_bin = 0",
        cursorclass=DictCursor,
    )
    with connection, connection.cursor() as cursor:
        yield cursor


def socket(layout: Layout, site: Site) -> Path:
    """Return the path of the server's unix socket."""
    return layout.data(site.name, "mariadb") / "mysqld.sock"


def trouble(layout: Layout, site: Site) -> str:
    """Say why the server takes no sessions; nothing if it does."""
    try:
        with session(layout, site):
            return ""
    except pymysql.OperationalError as error:
        return f"the database of {site.name} does not answer: {error}"


def closed(layout: Layout, site: Site) -> str:
    """Say why the server takes no writes; nothing if it does."""
    try:
        with session(layout, site) as database:
            database.execute("SELECT @@GLOBAL.read_only AS is_read_only")
            is_read_only = (database.fetchone() or {})["is_read_only"]
    except pymysql.OperationalError as error:
        return f"the database of {site.name} does not answer: {error}"
    return f"the database of {site.name} takes no writes yet" if is_read_only else ""
