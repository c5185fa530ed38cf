"""The JSON of the drive."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from portal.modules.drive.contracts import FileId
from portal.modules.drive.domain.files import LARGEST_FILE, File
from portal.modules.drive.domain.space import Space
from portal.modules.drive.domain.uploads import Upload
from portal.modules.licence.contracts import Plan

RowId = Annotated[int, Field(ge=1, le=2**63 - 1)]
# The rule itself is in `domain.names`; this only keeps novels out.
Name = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
Sha256 = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$"), Field(description="in hex")
]
OnConflict = Annotated[
    Literal["refuse", "rename"],
    Field(description="if the name is taken: 409, or a free one like it: `Report (1).pdf`"),
]


class UploadIn(BaseModel):
    """A file to come in parts."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    size: Annotated[int, Field(ge=1, le=LARGEST_FILE, description="bytes")]
    sha256: Sha256 | None = None
    content_type: Annotated[str, StringConstraints(max_length=200)] = ""
    on_conflict: OnConflict = "refuse"


class FileOut(BaseModel):
    """A file."""

    id: int
    name: str
    size: int
    content_type: str
    sha256: str | None = Field(description="in hex; null if it came in parts and nobody said it")
    created_at: datetime
    created_by: int

    @classmethod
    def of(cls, file: File) -> Self:
        """Map the domain to the wire."""
        return cls(
            id=file.id,
            name=file.name,
            size=file.size,
            content_type=file.content_type,
            sha256=file.sha256,
            created_at=file.created_at,
            created_by=file.owner,
        )


class UploadOut(BaseModel):
    """An upload: parts 1 to ``parts`` have ``part_size`` bytes each, the last one what is left."""

    id: int
    name: str
    size: int
    sha256: str | None
    part_size: int
    parts: int
    expires_at: datetime
    file_id: FileId | None = Field(description="the file it became")

    @classmethod
    def of(cls, upload: Upload) -> Self:
        """Map the domain to the wire."""
        return cls(
            id=upload.id,
            name=upload.file.name,
            size=upload.file.size,
            sha256=upload.file.sha256,
            part_size=upload.part_size,
            parts=upload.parts,
            expires_at=upload.expires_at,
            file_id=upload.file_id,
        )


class UploadDetailOut(UploadOut):
    """An upload with the parts that are there; send the others."""

    present: Sequence[int] = Field(description="numbers of the parts that are there")


class PartOut(BaseModel):
    """A part that is there."""

    number: int
    size: int


class LinkOut(BaseModel):
    """An address in the object store itself: whoever has it may do this one thing until it expires."""

    method: Literal["GET", "PUT"]
    url: str
    expires_at: datetime


class UsageOut(BaseModel):
    """How much of the plan's storage is used."""

    bytes: int
    files: int
    reserved: int = Field(description="bytes promised to uploads under way")
    limit: int | None = Field(description="bytes; null is no limit")

    @classmethod
    def of(cls, space: Space, plan: Plan) -> Self:
        """Map the domain to the wire."""
        return cls(
            bytes=space.bytes,
            files=space.files,
            reserved=space.reserved,
            limit=plan.storage_bytes,
        )
