"""What a comparison says."""

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from failover.compare.digests import Key

ROWS_LISTED = 20
"""So many differing rows of a portal and table are named; all are counted."""
DIFFERENCES_LISTED = 1000
"""So many portals and tables have an entry of their own; the rows of the others are counted together."""


@dataclass(slots=True)
class Difference:
    """How one portal's rows of one table differ (no portal: the whole table).

    ``rows`` names some: key, ``kind`` (``missing`` here, ``extra`` here, ``changed``), and the names, never
    the values, of the columns that differ.
    """

    table: str
    portal: int | None
    problem: str = "rows differ"
    count: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """The outcome of a comparison under the record of ``revision``; grows while it runs."""

    revision: int
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended_at: datetime | None = None
    tables: int = 0
    tables_done: int = 0
    rows: int = 0
    rechecked: int = 0
    differences: dict[tuple[str, int | None], Difference] = field(default_factory=dict)

    @property
    def is_equal(self) -> bool:
        """Whether it is complete and found nothing."""
        return self.ended_at is not None and not self.differences

    @property
    def differing(self) -> int:
        """How many rows differ."""
        return sum(difference.count for difference in self.differences.values())

    def sentence(self) -> str:
        """Say how far it is."""
        text = f"{self.tables_done} of {self.tables} tables, {self.rows} rows"
        return f"{text}, {self.differing} differ" if self.differences else text

    def summary(self) -> dict[str, Any]:
        """Return what everybody may see: numbers."""
        seconds = ((self.ended_at or datetime.now(UTC)) - self.began_at).total_seconds()
        return {
            "revision": self.revision,
            "is_done": self.ended_at is not None,
            "is_equal": self.is_equal,
            "began_at": self.began_at.isoformat(),
            "seconds": round(seconds, 3),
            "tables": self.tables,
            "tables_done": self.tables_done,
            "rows": self.rows,
            "rechecked_rows": self.rechecked,
            "differing_rows": self.differing,
            "differing_tables": len({table for table, _ in self.differences}),
        }

    def as_json(self) -> dict[str, Any]:
        """Return everything, keys of rows included: for operators."""
        return {
            **self.summary(),
            "differences": [asdict(difference) for difference in self.differences.values()],
        }

    def note_row(
        self, table: str, portal: int | None, key: Key, kind: str, columns: list[str]
    ) -> None:
        """Count a row that differs, and name it while the list is short."""
        difference = self._difference(table, portal)
        difference.count += 1
        if self.names_more(table, portal):
            shown = [value.hex() if isinstance(value, bytes) else str(value) for value in key]
            difference.rows.append({"key": shown, "kind": kind, "columns": columns})

    def note_table(self, table: str, problem: str) -> None:
        """Note that a whole table cannot be compared."""
        self.differences[table, None] = Difference(table, None, problem)

    def names_more(self, table: str, portal: int | None) -> bool:
        """Whether the next row of this portal and table would be named, not only counted."""
        return len(self._difference(table, portal).rows) < ROWS_LISTED

    def _difference(self, table: str, portal: int | None) -> Difference:
        known = self.differences.get((table, portal))
        if known is not None:
            return known
        if portal is not None and len(self.differences) >= DIFFERENCES_LISTED:
            return self._difference(table, None)
        return self.differences.setdefault((table, portal), Difference(table, portal))
