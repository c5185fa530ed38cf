"""An upload in parts, which any node may go on with."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.modules.drive.contracts import FileId, UploadId
from portal.modules.drive.domain.files import NewFile
from portal.modules.drive.errors import NoSuchPartError, UploadCompletedError

UPLOAD_LIFE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Upload:
    """Parts on their way to become ``file``; ``handle`` is the object store's name for the upload.

    ``file_id`` is set once it is complete; the row stays until ``expires_at``, so that completing it
    again, after a lost answer, finds the same file.
    """

    id: UploadId
    file: NewFile
    handle: str
    part_size: int
    expires_at: datetime
    file_id: FileId | None

    @property
    def parts(self) -> int:
        """How many parts there are; all but the last have ``part_size`` bytes."""
        return -(-self.file.size // self.part_size)

    def size_of(self, number: int) -> int:
        """Return the bytes of a part that may still be sent; raise if there is none such."""
        if self.file_id is not None:
            raise UploadCompletedError(file_id=self.file_id)
        if not 1 <= number <= self.parts:
            raise NoSuchPartError(number=number, parts=self.parts)
        last = self.file.size - (self.parts - 1) * self.part_size
        return last if number == self.parts else self.part_size

    def require_open(self) -> None:
        """Raise if the upload is a file already."""
        if self.file_id is not None:
            raise UploadCompletedError(file_id=self.file_id)
