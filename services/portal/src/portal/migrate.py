"""``python -m portal.migrate``: brings the schema of every pair to the newest version.

``python -m portal.migrate check`` changes nothing and fails if the schema is not what the code declares.

Runs once per pair, on its first server; the other receives the changes by replication. DDL is not
transactional here, so each migration is one step that can be run again (docs/adr/0007).
"""

import importlib
import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import URL

from kernel import secrets, settings
from kernel.settings import Pair, Settings

HERE = Path(__file__).parent
MIGRATIONS = HERE.parents[1] / "migrations"


def main() -> None:
    """Migrate, or check, the installation that the environment names."""
    installation = settings.load()
    password = secrets.load(installation.secrets_dir, "mariadb")["migrate_password"]
    for pair in installation.pairs:
        database = config(url(installation, pair, password))
        if sys.argv[1:] == ["check"]:
            command.check(database)
        else:
            command.upgrade(database, "head")


def declare_tables() -> None:
    """Import every file that declares tables."""
    names = ["db.journal", "jobs.tables", "portal.tables"]
    names += [
        f"portal.modules.{p.parent.name}.tables"
        for p in sorted((HERE / "modules").glob("*/tables.py"))
    ]
    for name in names:
        importlib.import_module(name)


def url(installation: Settings, pair: Pair, password: str) -> URL:
    """Return how the migrations log in to the first server of a pair."""
    return URL.create(
        "mysql+pymysql",
        username="portico_migrate",
        password=password,
        host=installation.site(pair.sites[0]).address,
        port=installation.ports.mariadb,
        database="portico",
    )


def config(database: URL) -> Config:
    """Return alembic's configuration; the URL travels as an object, never through a file or a log."""
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS))
    made.attributes["url"] = database
    return made


if __name__ == "__main__":
    main()
