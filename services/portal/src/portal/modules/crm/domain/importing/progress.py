"""How far an import has come: saved with the leads themselves, so that nothing is done twice."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from portal.modules.crm.domain.importing.columns import Column
from portal.modules.crm.domain.importing.limits import MOST_PROBLEMS
from portal.modules.crm.domain.importing.rows import Problem, Row


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the next record begins, and what became of those before it."""

    offset: int = 0
    line: int = 0
    delimiter: str = ""
    columns: tuple[Column, ...] = ()
    created: int = 0
    duplicates: int = 0
    failed: int = 0
    problems: int = 0

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Self:
        """Read what was saved; nothing saved is the beginning."""
        columns = tuple(Column(*one) for one in saved.get("columns", ()))
        return cls(**{**saved, "columns": columns})

    def to_json(self) -> dict[str, Any]:
        """Return what is saved."""
        return asdict(self) | {"columns": [(c.label, c.field) for c in self.columns]}

    @property
    def unused_columns(self) -> list[str]:
        """Labels of the columns that nothing is done with."""
        return [c.label for c in self.columns if c.field is None]

    @property
    def room_for_problems(self) -> int:
        """How many more problems are kept."""
        return max(0, MOST_PROBLEMS - self.problems)


@dataclass(frozen=True, slots=True)
class Batch:
    """Some records in a row, read: what is committed at once."""

    rows: Sequence[Row]
    refused: Sequence[Sequence[Problem]]
    end: int
    end_line: int

    @property
    def problems(self) -> list[Problem]:
        """All problems of all lines."""
        return [problem for line in self.refused for problem in line]

    def after(self, before: Progress, *, start: int, created: int) -> Progress:
        """Return the progress once the batch is done; ``start`` is where the offsets count from."""
        return replace(
            before,
            offset=start + self.end,
            line=self.end_line,
            created=before.created + created,
            duplicates=before.duplicates + len(self.rows) - created,
            failed=before.failed + len(self.refused),
            problems=before.problems + len(self.problems),
        )


def fresh(rows: Sequence[Row], known: set[str | bytes]) -> list[Row]:
    """Return the rows that are neither known nor a repetition of an earlier one."""
    seen = set(known)
    found = []
    for row in rows:
        if row.key not in seen:
            seen.add(row.key)
            found.append(row)
    return found
