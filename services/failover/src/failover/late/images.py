"""Images of rows as JSON: what the log said and what a server says of the same row are the same.

Bytes are in base64; decimals, dates and instants are texts as the server writes them.
"""

import base64
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson

from failover.compare.tables import listed, quoted
from failover.database.session import Session

Image = dict[str, Any]


def image(columns: Sequence[str], values: Sequence[Any]) -> Image:
    """Make an image of a row's values."""
    return {name: _plain(value) for name, value in zip(columns, values, strict=True)}


def dumps(row: Image | None) -> str | None:
    """Write an image as text."""
    return None if row is None else orjson.dumps(row).decode()


def loads(text: str | None) -> Image | None:
    """Read an image from text."""
    return None if text is None else orjson.loads(text)


def _plain(value: Any) -> Any:
    match value:
        case bytes():
            return {"base64": base64.b64encode(value).decode()}
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.isoformat(" ", "microseconds")
        case date():
            return value.isoformat()
        case _:
            return value


def argument(value: Any) -> Any:
    """Return a value of an image as the argument of a statement."""
    return base64.b64decode(value["base64"]) if isinstance(value, Mapping) else value


def arguments(row: Image) -> list[Any]:
    """Return all values of an image as arguments."""
    return [argument(value) for value in row.values()]


async def present(
    session: Session, table: str, key: Image, columns: Sequence[str], *, locked: bool
) -> Image | None:
    """Return these columns of the row with this key, as it is now."""
    row = await session.row(
        f"SELECT {listed(columns)} FROM {table} WHERE {matching(key)}"  # noqa: S608 - our identifiers
        + (" FOR UPDATE" if locked else ""),
        arguments(key),
    )
    return None if row is None else image(columns, row)


async def replace(
    session: Session, table: str, key: Image, now: Image | None, then: Image | None
) -> None:
    """Make the row with this key, which is ``now``, into ``then``; ``None`` is no row."""
    if now is None and then is None:
        return
    if then is None:
        await session.change(f"DELETE FROM {table} WHERE {matching(key)}", arguments(key))  # noqa: S608
    elif now is None:
        places = ", ".join(["%s"] * len(then))
        await session.change(
            f"INSERT INTO {table} ({listed(list(then))}) VALUES ({places})",  # noqa: S608
            arguments(then),
        )
    else:
        pairs = ", ".join(f"{quoted(name)} = %s" for name in then)
        await session.change(
            f"UPDATE {table} SET {pairs} WHERE {matching(key)}",  # noqa: S608 - our identifiers
            [*arguments(then), *arguments(key)],
        )


def matching(key: Image) -> str:
    """Return the condition for a key."""
    return " AND ".join(f"{quoted(name)} = %s" for name in key)
