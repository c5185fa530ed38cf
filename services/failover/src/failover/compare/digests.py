"""The questions about a range of rows: where it ends, its digest per portal, the digest of each row.

A row's digest is an MD5 over all columns, each with its length before it or a mark for NULL, so that no
two different rows read the same. Values are compared as bytes, not by collation; contents of any length
enter with their own MD5, so that no row exceeds a packet. A range's digest is the sum (XOR) of its rows'
two halves: the order does not matter, and two rows never cancel, since a key occurs once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from failover.compare.tables import PORTAL, Column, Table, listed, quoted
from failover.database.session import Session

Key = tuple[object, ...]

# Of any length: their own MD5 stands for them
_LONG = ("text", "blob", "geometry")


@dataclass(frozen=True, slots=True)
class Range:
    """The rows above ``after`` up to and including ``upto``; ``None`` is the end of the table."""

    after: Key | None
    upto: Key | None


@dataclass(frozen=True, slots=True)
class Digest:
    """How many rows a portal has in a range, and their digest."""

    rows: int
    first: int
    second: int


async def bound(session: Session, table: Table, after: Key | None, rows: int) -> Key | None:
    """Return the key so many rows after ``after``; ``None`` if fewer are left."""
    where, arguments = condition(table, Range(after, None))
    keys = listed(table.key)
    return await session.row(
        f"SELECT {keys} FROM {table.qualified} FORCE INDEX (PRIMARY)"  # noqa: S608 - our identifiers
        f" WHERE {where} ORDER BY {keys} LIMIT 1 OFFSET {rows - 1:d}",
        arguments,
    )


async def digests(
    session: Session, table: Table, rows: Range, limit: int
) -> dict[int | None, Digest]:
    """Return the digest of each portal in the range, of the first ``limit`` rows."""
    portal = quoted(PORTAL) if table.has_portals else "NULL"
    where, arguments = condition(table, rows)
    found = await session.rows(
        "SELECT portal, COUNT(*), BIT_XOR(CAST(CONV(LEFT(digest, 16), 16, 10) AS UNSIGNED)),"  # noqa: S608
        " BIT_XOR(CAST(CONV(RIGHT(digest, 16), 16, 10) AS UNSIGNED)) FROM ("
        f"SELECT {portal} AS portal, {row_digest(table.columns)} AS digest"
        f" FROM {table.qualified} FORCE INDEX (PRIMARY) WHERE {where}"
        f" ORDER BY {listed(table.key)} LIMIT {limit:d}) AS part GROUP BY portal",
        arguments,
    )
    return {portal: Digest(count, first, second) for portal, count, first, second in found}


async def row_digests(session: Session, table: Table, rows: Range, limit: int) -> dict[Key, str]:
    """Return the digest of each row in the range, of the first ``limit``."""
    where, arguments = condition(table, rows)
    return await _row_digests(session, table, where, arguments, limit)


async def row_digests_of(session: Session, table: Table, keys: Sequence[Key]) -> dict[Key, str]:
    """Return the digests of the rows with these keys, as far as they are there."""
    where, arguments = among(table, keys)
    return await _row_digests(session, table, where, arguments, len(keys))


async def column_digests(session: Session, table: Table, key: Key) -> dict[str, str]:
    """Return the digest of each column of one row; nothing if there is none."""
    where, arguments = among(table, [key])
    columns = ", ".join(row_digest((column,)) for column in table.columns)
    row = await session.row(
        f"SELECT {columns} FROM {table.qualified} WHERE {where}",  # noqa: S608 - our identifiers
        arguments,
    )
    return dict(zip((column.name for column in table.columns), row or (), strict=False))


async def _row_digests(
    session: Session, table: Table, where: str, arguments: Sequence[object], limit: int
) -> dict[Key, str]:
    keys = listed(table.key)
    found = await session.rows(
        f"SELECT {keys}, {row_digest(table.columns)} FROM {table.qualified}"  # noqa: S608
        f" FORCE INDEX (PRIMARY) WHERE {where} ORDER BY {keys} LIMIT {limit:d}",
        arguments,
    )
    return {tuple(row[:-1]): row[-1] for row in found}


def row_digest(columns: Sequence[Column]) -> str:
    """Return the expression for the digest of a row's columns."""
    return f"MD5(CONCAT_WS(',', {', '.join(map(_exactly, columns))}))"


def _exactly(column: Column) -> str:
    name = quoted(column.name)
    if column.kind == "float":  # as text it loses digits
        name = f"CAST({name} AS DOUBLE)"
    if column.kind.endswith(_LONG):
        return f"IFNULL(MD5({name}), 'N')"
    return f"IFNULL(CONCAT(LENGTH({name}), ':', CAST({name} AS BINARY)), 'N')"


def condition(table: Table, rows: Range) -> tuple[str, list[object]]:
    """Return the condition for a range and its arguments."""
    words, arguments = ["TRUE"], []
    for key, sign, last in ((rows.after, ">", ">"), (rows.upto, "<", "<=")):
        if key is not None:
            word, values = _beyond(table.key, key, sign, last)
            words.append(word)
            arguments.extend(values)
    return " AND ".join(words), arguments


def _beyond(columns: Sequence[str], key: Key, sign: str, last: str) -> tuple[str, list[object]]:
    """Compare keys column by column: the server makes ranges of the index of this, not of tuples."""
    name = quoted(columns[0])
    if len(columns) == 1:
        return f"{name} {last} %s", [key[0]]
    rest, arguments = _beyond(columns[1:], key[1:], sign, last)
    return f"({name} {sign} %s OR ({name} = %s AND {rest}))", [key[0], key[0], *arguments]


def among(table: Table, keys: Sequence[Key]) -> tuple[str, list[object]]:
    """Return the condition for some keys and its arguments."""
    one = f"({', '.join(['%s'] * len(table.key))})"
    places = ", ".join([one] * len(keys))
    return f"({listed(table.key)}) IN ({places})", [value for key in keys for value in key]
