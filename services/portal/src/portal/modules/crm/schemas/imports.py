"""The JSON of imports."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from portal.modules.crm.domain.importing.limits import MOST_PROBLEMS
from portal.modules.crm.domain.importing.order import Import, ImportState
from portal.modules.crm.domain.importing.rows import Problem
from portal.paging import Page

Text = Callable[[str, Mapping[str, object]], str]


class ProgressOut(BaseModel):
    """How far the import is."""

    lines_done: int
    lines_total: int
    created: int = Field(description="leads; in a dry run, those that would be")
    skipped_duplicates: int = Field(
        description="rows whose lead is there already; a dry run compares with the portal only, not "
        "the rows of the file with each other"
    )
    failed: int = Field(description="rows that cannot be leads; see errors")


class ImportErrorOut(BaseModel):
    """What is wrong with a line."""

    line: int
    column: str | None = Field(description="its label; null is the whole line")
    code: str
    message: str

    @classmethod
    def of(cls, problem: Problem, text: Text) -> Self:
        """Map the domain to the wire."""
        return cls(
            line=problem.line,
            column=problem.column,
            code=problem.code,
            message=text(problem.code, problem.values or {}),
        )


class FailureOut(BaseModel):
    """Why the file as a whole could not be imported."""

    code: str
    message: str


class ImportOut(BaseModel):
    """An import as clients see it."""

    id: int
    state: ImportState
    dry_run: bool
    encoding: str
    delimiter: str | None = Field(description="null as long as it is not known")
    progress: ProgressOut
    unused_columns: list[str] = Field(description="a warning: labels that mean nothing to us")
    failure: FailureOut | None
    errors_total: int
    errors: Page[ImportErrorOut] = Field(
        description=f"in the order of the file; beyond the first {MOST_PROBLEMS} they are only counted"
    )
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, asked: Import, problems: Sequence[Problem], after: str | None, text: Text) -> Self:
        """Map the domain to the wire; ``after`` is the cursor of the next page of problems."""
        progress = asked.progress
        failure = asked.failure and FailureOut(code=asked.failure, message=text(asked.failure, {}))
        return cls(
            id=asked.id,
            state=asked.state,
            dry_run=asked.order.dry_run,
            encoding=asked.order.encoding,
            delimiter=progress.delimiter or asked.order.delimiter,
            progress=ProgressOut(
                lines_done=progress.line,
                lines_total=asked.order.lines,
                created=progress.created,
                skipped_duplicates=progress.duplicates,
                failed=progress.failed,
            ),
            unused_columns=progress.unused_columns,
            failure=failure or None,
            errors_total=progress.problems,
            errors=Page(items=[ImportErrorOut.of(p, text) for p in problems], next=after),
            created_at=asked.created_at,
            finished_at=asked.finished_at,
        )
