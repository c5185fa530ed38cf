"""Instants on their way: UTC without a zone in the database, aware everywhere else.

No code of ours meets a naive datetime, and a naive one never reaches the database.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

Row = tuple[Any, ...]


def to_database(value: Any) -> Any:
    """Return an instant as UTC without its zone; anything else as it is."""
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise ValueError(f"a naive datetime on its way to the database: {value!r}")
    return value.astimezone(UTC).replace(tzinfo=None)


def from_database(rows: Sequence[Row], places: Sequence[int]) -> Sequence[Row]:
    """Return the rows with the instants at these places made aware."""
    if not places:
        return rows
    return [_aware(row, places) for row in rows]


def _aware(row: Row, places: Sequence[int]) -> Row:
    values = list(row)
    for place in places:
        if values[place] is not None:
            values[place] = values[place].replace(tzinfo=UTC)
    return tuple(values)
