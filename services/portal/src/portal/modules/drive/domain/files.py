"""A file, and what becomes one."""

from dataclasses import dataclass
from datetime import datetime

from kernel.facts import Fact
from portal.modules.drive.contracts import FileId

LARGEST_FILE = 5 * 1024**3


@dataclass(frozen=True, slots=True)
class NewFile:
    """Contents that lie in the bucket under ``key`` and are to become a file.

    ``sha256`` is hex, and ``None`` if nobody told or computed it; ``may_rename``: a taken name is
    replaced by a free one like it.
    """

    owner: int
    name: str
    size: int
    content_type: str
    sha256: str | None
    key: str
    may_rename: bool


@dataclass(frozen=True, slots=True)
class File:
    """A file of a person; its contents never change."""

    id: FileId
    owner: int
    name: str
    size: int
    content_type: str
    sha256: str | None
    key: str
    created_at: datetime

    def created(self) -> Fact:
        """The file is there."""
        return Fact("file", self.id, "created", self._told())

    def deleted(self) -> Fact:
        """The file is gone."""
        return Fact("file", self.id, "deleted", self._told())

    def _told(self) -> dict[str, object]:
        return {"name": self.name, "size": self.size, "owner_id": self.owner}
