"""Reads the rows of a binary log event, exactly, for the column types that our tables have.

Our own decoder, because what there is was tried and is not exact (ADR 0019): ``mariadb-binlog -v`` escapes
neither quotes nor backslashes, so two different texts can look the same; ``mysql-replication`` needs other
server settings, strips binary zeros, and begins again at the start when a connection breaks. A type that is
not here raises ``UnreadableError``; a test keeps the schema within them.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

Row = list[Any]

TINY, SHORT, LONG, DOUBLE, LONGLONG, INT24, DATE = 1, 2, 3, 5, 8, 9, 10
VARCHAR, TIMESTAMP2, DATETIME2, DECIMAL, BLOB, STRING = 15, 17, 18, 246, 252, 254
# How many bytes of the table map describe a column of this type further
_META_BYTES = {TINY: 0, SHORT: 0, LONG: 0, LONGLONG: 0, INT24: 0, DATE: 0, DOUBLE: 1} | {
    BLOB: 1,
    DATETIME2: 1,
    TIMESTAMP2: 1,
    VARCHAR: 2,
    DECIMAL: 2,
    STRING: 2,
}
_INTEGER_BYTES = {TINY: 1, SHORT: 2, INT24: 3, LONG: 4, LONGLONG: 8}
# Decimal digits are packed: so many bytes for so many digits less than nine
_DIGITS, _DIGIT_BYTES = 9, (0, 1, 1, 2, 2, 3, 3, 4, 4, 4)
_DATETIME_ZERO = 0x8000000000


class UnreadableError(Exception):
    """The log has something that is not understood exactly."""


@dataclass(frozen=True, slots=True)
class Column:
    """What the log does not say of a column; ``size`` is that of a fixed binary, else 0."""

    name: str
    is_unsigned: bool
    is_text: bool
    size: int = 0


@dataclass(frozen=True, slots=True)
class TableMap:
    """Which table the following rows are of, and how they are stored: type and two bytes per column."""

    database: str
    name: str
    types: tuple[tuple[int, bytes], ...]


class Bytes:
    """Bytes that are read from the left."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def is_empty(self) -> bool:
        """Whether all was read."""
        return self._at >= len(self._data)

    def take(self, count: int) -> bytes:
        """Return the next bytes, exactly so many."""
        part = self._data[self._at : self._at + count]
        if len(part) != count:
            raise UnreadableError("an event ends too early")
        self._at += count
        return part

    def number(self, count: int) -> int:
        """Return an unsigned number, lowest byte first."""
        return int.from_bytes(self.take(count), "little")

    def packed(self) -> int:
        """Return a number that says its own length."""
        first = self.number(1)
        return first if first < 0xFB else self.number({0xFC: 2, 0xFD: 3, 0xFE: 8}[first])

    def text(self) -> str:
        """Return a name: its length, the name, a zero."""
        name = self.take(self.number(1)).decode()
        self.take(1)
        return name


def table_map(body: bytes) -> tuple[int, TableMap]:
    """Read a table map event: its number, which the row events repeat, and the map."""
    data = Bytes(body)
    number = data.number(6)
    data.take(2)
    database, name = data.text(), data.text()
    kinds = data.take(data.packed())
    data.packed()
    types = []
    for kind in kinds:
        if kind not in _META_BYTES:
            raise UnreadableError(f"{database}.{name} has a column of type {kind}")
        types.append((kind, data.take(_META_BYTES[kind])))
    return number, TableMap(database, name, tuple(types))


def table_number(body: bytes) -> int:
    """Return the number of the table map that a row event refers to."""
    return int.from_bytes(body[:6], "little")


def images(
    body: bytes, table: TableMap, columns: Sequence[Column], *, is_update: bool
) -> Iterator[Row]:
    """Yield the rows of a row event; of an update, before and after in turn."""
    data = Bytes(body)
    data.take(8)
    width = data.packed()
    if width != len(columns) or width != len(table.types):
        raise UnreadableError(f"{table.database}.{table.name} has other columns than in the log")
    for _ in range(2 if is_update else 1):
        present = int.from_bytes(data.take((width + 7) // 8), "little")
        if present & (1 << width) - 1 != (1 << width) - 1:
            raise UnreadableError(f"{table.database}.{table.name} was logged without all columns")
    while not data.is_empty:
        nulls = data.number((width + 7) // 8)
        yield [
            None if nulls >> place & 1 else _value(data, *table.types[place], column)
            for place, column in enumerate(columns)
        ]


def _value(data: Bytes, kind: int, meta: bytes, column: Column) -> Any:
    if kind in _INTEGER_BYTES:
        raw = data.take(_INTEGER_BYTES[kind])
        return int.from_bytes(raw, "little", signed=not column.is_unsigned)
    return _READERS[kind](data, meta, column)


def _double(data: Bytes, meta: bytes, column: Column) -> float:
    value: float = struct.unpack("<d", data.take(8))[0]
    return value


def _varchar(data: Bytes, meta: bytes, column: Column) -> str | bytes:
    longest = int.from_bytes(meta, "little")
    return _contents(data.take(data.number(1 if longest <= 0xFF else 2)), column)


def _string(data: Bytes, meta: bytes, column: Column) -> str | bytes:
    """CHAR and BINARY; two bits of a long one's length hide in the type."""
    if meta[0] | 0x30 != STRING:
        raise UnreadableError(f"column {column.name} is of type {meta[0]}")
    longest = meta[1] | ((meta[0] & 0x30) ^ 0x30) << 4
    return _contents(data.take(data.number(1 if longest <= 0xFF else 2)), column)


def _blob(data: Bytes, meta: bytes, column: Column) -> str | bytes:
    return _contents(data.take(data.number(meta[0])), column)


def _contents(raw: bytes, column: Column) -> str | bytes:
    """Decode text; give a fixed binary its zeros back, which the log leaves out."""
    return raw.decode() if column.is_text else raw.ljust(column.size, b"\0")


def _date(data: Bytes, meta: bytes, column: Column) -> date:
    packed = data.number(3)
    return date(packed >> 9, packed >> 5 & 0xF, packed & 0x1F)


def _datetime(data: Bytes, meta: bytes, column: Column) -> datetime:
    packed = int.from_bytes(data.take(5), "big") - _DATETIME_ZERO
    months, rest = packed >> 22, packed & 0x3FFFFF
    return datetime(  # noqa: DTZ001 - as the database has it
        months // 13,
        months % 13,
        rest >> 17,
        rest >> 12 & 0x1F,
        rest >> 6 & 0x3F,
        rest & 0x3F,
        _microseconds(data, meta[0]),
    )


def _timestamp(data: Bytes, meta: bytes, column: Column) -> datetime:
    seconds = int.from_bytes(data.take(4), "big")
    moment = datetime.utcfromtimestamp(seconds)  # noqa: DTZ004 - as the database has it
    return moment.replace(microsecond=_microseconds(data, meta[0]))


def _microseconds(data: Bytes, digits: int) -> int:
    stored = (digits + 1) // 2
    return int.from_bytes(data.take(stored), "big") * (10_000, 10_000, 100, 1)[stored]


def _decimal(data: Bytes, meta: bytes, column: Column) -> Decimal:
    """Digits in groups of nine from the point outwards; the first bit tells the sign."""
    precision, scale = meta
    whole = [(precision - scale) % _DIGITS, *[_DIGITS] * ((precision - scale) // _DIGITS)]
    fraction = [*[_DIGITS] * (scale // _DIGITS), scale % _DIGITS]
    raw = bytearray(data.take(sum(_DIGIT_BYTES[digits] for digits in (*whole, *fraction))))
    is_negative = not raw[0] & 0x80
    raw[0] ^= 0x80
    groups = Bytes(bytes(byte ^ 0xFF for byte in raw) if is_negative else bytes(raw))
    left = "".join(_group(groups, digits) for digits in whole)
    right = "".join(_group(groups, digits) for digits in fraction)
    return Decimal(f"{'-' if is_negative else ''}{left or '0'}{'.' if right else ''}{right}")


def _group(groups: Bytes, digits: int) -> str:
    if not digits:
        return ""
    return str(int.from_bytes(groups.take(_DIGIT_BYTES[digits]), "big")).zfill(digits)


_READERS: dict[int, Callable[[Bytes, bytes, Column], Any]] = {
    DOUBLE: _double,
    DATE: _date,
    VARCHAR: _varchar,
    TIMESTAMP2: _timestamp,
    DATETIME2: _datetime,
    DECIMAL: _decimal,
    BLOB: _blob,
    STRING: _string,
}
