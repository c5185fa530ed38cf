"""Declaring tables: every table says how it belongs to a portal.

Backup, move and deletion of a portal walk this declaration, so a table without one fails a test.
"""

from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Column, Index, MetaData, PrimaryKeyConstraint, Table
from sqlalchemy.dialects.mysql import DATETIME

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)


class Belongs(StrEnum):
    """How the rows of a table relate to portals."""

    OWNED = "owned"  # rows of a portal: copied, compared and deleted with it
    GLOBAL = "global"  # rows of the installation
    DERIVED = "derived"  # can be computed again from owned rows


def moment() -> DATETIME:
    """Column type of an instant: UTC, microseconds."""
    return DATETIME(fsp=6)


def owned(name: str, *columns: Any, **options: Any) -> Table:
    """Declare a portal's table with its own counted ``id``: primary key ``(portal_id, id)``.

    InnoDB wants an AUTO_INCREMENT column to lead some index, hence the extra one on ``id``.
    """
    return Table(
        name,
        metadata,
        Column("portal_id", BigInteger, nullable=False),
        Column("id", BigInteger, autoincrement=True, nullable=False),
        *columns,
        PrimaryKeyConstraint("portal_id", "id"),
        Index(None, "id"),
        info={"belongs": Belongs.OWNED},
        **options,
    )


def owned_by_key(name: str, *columns: Any, key: tuple[str, ...] = (), **options: Any) -> Table:
    """Declare a portal's table without a counted id: primary key ``(portal_id, *key)``."""
    return Table(
        name,
        metadata,
        Column("portal_id", BigInteger, nullable=False, autoincrement=False),
        *columns,
        PrimaryKeyConstraint("portal_id", *key),
        info={"belongs": Belongs.OWNED},
        **options,
    )


def installation_wide(name: str, *columns: Any, **options: Any) -> Table:
    """Declare a table of the installation; give it a primary key among the columns."""
    return Table(name, metadata, *columns, info={"belongs": Belongs.GLOBAL}, **options)
