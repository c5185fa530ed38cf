"""The tables that are compared, as the server describes them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from failover.database.session import Session

PORTAL = "portal_id"

_NAMES = """
SELECT TABLE_NAME FROM information_schema.TABLES
WHERE TABLE_SCHEMA = %s AND TABLE_TYPE <> 'VIEW' ORDER BY TABLE_NAME
"""
_COLUMNS = """
SELECT COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s ORDER BY ORDINAL_POSITION
"""
_KEY = """
SELECT COLUMN_NAME FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX
"""
# A counter is not content: each server counts in its own class of ids
_COUNTER = re.compile(r" AUTO_INCREMENT=\d+")


@dataclass(frozen=True, slots=True)
class Column:
    """A column; ``kind`` is its type without length."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table; ``definition`` is the statement that makes it."""

    database: str
    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    definition: str

    @property
    def qualified(self) -> str:
        """Its name for a statement."""
        return f"{quoted(self.database)}.{quoted(self.name)}"

    @property
    def has_portals(self) -> bool:
        """Whether its rows belong to portals; if not it is compared as a whole."""
        return any(column.name == PORTAL for column in self.columns)


def quoted(name: str) -> str:
    """Quote an identifier."""
    return "`" + name.replace("`", "``") + "`"


async def names(session: Session, database: str) -> list[str]:
    """Return the names of the tables of a database."""
    return [name for (name,) in await session.rows(_NAMES, (database,))]


async def read(session: Session, database: str, name: str) -> Table:
    """Return one table as the server describes it."""
    columns = await session.rows(_COLUMNS, (database, name))
    key = await session.rows(_KEY, (database, name))
    shown = await session.row(f"SHOW CREATE TABLE {quoted(database)}.{quoted(name)}")
    definition = "" if shown is None else _COUNTER.sub("", str(shown[1]))
    return Table(
        database,
        name,
        tuple(Column(column, kind) for column, kind in columns),
        tuple(column for (column,) in key),
        definition,
    )


def listed(columns: Sequence[str]) -> str:
    """Return identifiers as a list for a statement."""
    return ", ".join(quoted(column) for column in columns)
