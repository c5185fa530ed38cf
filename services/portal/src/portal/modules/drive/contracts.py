"""What other modules may know about files."""

from typing import NewType

FileId = NewType("FileId", int)
UploadId = NewType("UploadId", int)
