"""An import as it was asked for, and as it stands."""

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

from portal.modules.company.contracts import UserId
from portal.modules.crm.domain.importing.progress import Progress

ImportId = NewType("ImportId", int)

# Objects of imports lie under keys that begin with the day, so that what a crash left is soon found.
PREFIX = "imports/"


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """What is to be imported and how.

    ``start`` is the offset behind the byte order mark; no ``delimiter``: the header decides; ``source``
    is that of the rows which name none.
    """

    key: str
    size: int
    lines: int
    start: int
    encoding: str
    delimiter: str | None
    dry_run: bool
    source: str | None

    def to_json(self) -> dict[str, Any]:
        """Return what is kept with the job."""
        return asdict(self)


class ImportState(StrEnum):
    """Where an import is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Import:
    """An import; ``failure`` is the code of the text that says why it failed."""

    id: ImportId
    state: ImportState
    order: ImportOrder
    progress: Progress
    failure: str | None
    created_at: datetime
    created_by: UserId
    finished_at: datetime | None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in {ImportState.DONE, ImportState.FAILED}
