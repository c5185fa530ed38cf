"""Alembic's environment: which tables there are, and how to reach the database."""

from alembic import context
from sqlalchemy import create_engine, text

from db.schema import metadata
from portal.migrate import declare_tables

LOCK_WAIT_SECONDS = 5  # a migration that cannot get its lock fails instead of stopping every writer


def migrate() -> None:
    """Run the migrations on one database."""
    engine = create_engine(context.config.attributes["url"])
    with engine.connect() as connection:
        connection.execute(text(f"SET SESSION lock_wait_timeout = {LOCK_WAIT_SECONDS}"))
        context.configure(connection, target_metadata=metadata, compare_type=True)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()  # DDL commits itself, the version row does not
    engine.dispose()


declare_tables()
migrate()
