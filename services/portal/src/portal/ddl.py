"""The SQL of migrations: each has a ``.sql`` file beside it, with statements that may run twice.

``python -m portal.ddl TABLE ...`` prints CREATE TABLE with all keys inside, to paste there: MariaDB
wants the key of an AUTO_INCREMENT column in the statement that makes the column, which SQLAlchemy's own
DDL, indexes apart, cannot give.
"""

import sys
from pathlib import Path

from alembic import op
from sqlalchemy import Index, Table
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import CreateTable

from db.schema import metadata
from portal.migrate import declare_tables

_DIALECT = mysql.dialect()


def create(table: Table) -> str:
    """Return the statement, its indexes as inline keys."""
    clause = CreateTable(table, if_not_exists=True)
    body = str(clause.compile(dialect=_DIALECT)).strip().removesuffix(")").rstrip()
    indexes = sorted(table.indexes, key=lambda index: str(index.name))
    return ",\n".join([body, *(_key(index) for index in indexes)]) + "\n)"


def run_beside(migration: str) -> None:
    """Run the statements of the ``.sql`` file that stands beside a migration."""
    text = Path(migration).with_suffix(".sql").read_text(encoding="utf-8")
    for statement in filter(None, (part.strip() for part in text.split(";\n"))):
        op.execute(statement.replace(":", "\\:"))  # a colon would be taken for a parameter


def _key(index: Index) -> str:
    kind = "UNIQUE KEY" if index.unique else "KEY"
    return f"\t{kind} {index.name} ({', '.join(column.name for column in index.columns)})"


def main() -> None:
    """Print the tables named on the command line, or all."""
    declare_tables()
    for name in sys.argv[1:] or sorted(metadata.tables):
        sys.stdout.write(
            create(metadata.tables[name]).replace("\t", "    ").replace(", \n", ",\n") + ";\n\n"
        )


if __name__ == "__main__":
    main()
