"""In which order files are listed, and where in it a page ended."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from portal.modules.drive.domain.files import File


class Order(StrEnum):
    """An order of files."""

    ID = "id"
    NAME = "name"
    NEWEST = "-created_at"


@dataclass(frozen=True, slots=True)
class Position:
    """The last file of a page, in any order."""

    id: int
    name: str
    created_at: datetime

    @classmethod
    def of(cls, file: File) -> Self:
        """Return where the file stands."""
        return cls(file.id, file.name, file.created_at)
