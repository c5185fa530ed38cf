"""Bytes to records: RFC 4180 as the csv module reads it, one physical line decoded at a time.

A record that cannot be read costs one line, never the rest of the file: whatever an unclosed quote had
swallowed is read again, beginning with the next line.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

MALFORMED = "import-row-malformed"
UNDECODABLE = "import-row-undecodable"


@dataclass(frozen=True, slots=True)
class Record:
    """One record. ``line`` is its first line, ``end`` the offset behind it, ``end_line`` its last line.

    An empty line is a record without cells. ``problem`` is the code of what is wrong with it.
    """

    line: int
    cells: list[str]
    end: int
    end_line: int
    problem: str | None = None


def records(
    data: bytes, *, encoding: str, delimiter: str, line: int, is_last: bool
) -> Iterator[Record]:
    """Yield the records that are whole in ``data``, a piece of a file behind ``line`` lines of it.

    Unless the piece is the last one, a record that reaches its end may go on in the next piece, and is
    left for it.
    """
    lines = _Lines(data, encoding, line, is_last=is_last)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.begin_record()
        try:
            cells = next(reader)
        except (StopIteration, _MoreNeededError):
            return
        except csv.Error:
            lines.return_all_but_first()
            yield lines.record([], MALFORMED)
        else:
            yield lines.record(cells, UNDECODABLE if lines.is_broken else None)


class _MoreNeededError(Exception):
    """The piece ends within a line, or within a quoted cell."""


class _Lines:
    """The lines of a piece as csv wants them, and where in it the present record stands."""

    def __init__(self, data: bytes, encoding: str, line: int, *, is_last: bool) -> None:
        self._file = io.BytesIO(data)
        self._encoding = encoding
        self._is_last = is_last
        self._line = line
        self.begin_record()

    def begin_record(self) -> None:
        """What is taken from here on belongs to the next record."""
        self._first = self._line + 1
        self._first_end = 0
        self.is_broken = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        raw = self._file.readline()
        if not self._is_last and not raw.endswith(b"\n"):
            raise _MoreNeededError
        if not raw:
            raise StopIteration
        self._line += 1
        self._first_end = self._first_end or self._file.tell()
        return self._decoded(raw)

    def return_all_but_first(self) -> None:
        """Give back the lines of the present record that followed its first one."""
        self._file.seek(self._first_end)
        self._line = self._first

    def record(self, cells: list[str], problem: str | None) -> Record:
        """Return the present record."""
        return Record(self._first, cells, self._file.tell(), self._line, problem)

    def _decoded(self, raw: bytes) -> str:
        try:
            return raw.decode(self._encoding)
        except UnicodeDecodeError:
            self.is_broken = True
            return raw.decode(self._encoding, errors="replace")
