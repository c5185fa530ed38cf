"""The tables of the drive."""

from sqlalchemy import BigInteger, Column, Index, Integer, String
from sqlalchemy.dialects.mysql import BINARY, VARBINARY

from db.schema import moment, owned, owned_by_key

# Sorts as people do and finds "ОТЧЁТ" equal to "отчёт" (as their computers do), but е is not ё.
_NAME = String(255, collation="utf8mb4_uca1400_nopad_as_ci")
_KEY = VARBINARY(64)

drive_storage = owned_by_key(
    "drive_storage",
    Column("bucket", VARBINARY(63), nullable=False),
    Column("access_key", VARBINARY(128), nullable=False),
    Column("secret", VARBINARY(512), nullable=False, comment="sealed"),
    Column("bytes", BigInteger, nullable=False),
    Column("files", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False, comment="bytes of uploads under way"),
    Column("changed_at", moment(), nullable=False),
    Column("swept_to", _KEY, nullable=False, comment="each object up to here has its row"),
    Column("sweep_due_at", moment(), nullable=True, comment="NULL: none is planned"),
)

drive_files = owned(
    "drive_files",
    Column("owner_id", BigInteger, nullable=False),
    Column("name", _NAME, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("content_type", String(255), nullable=False),
    Column("sha256", BINARY(32), nullable=True),
    Column("object_key", _KEY, nullable=False),
    Column("created_at", moment(), nullable=False),
    Index("uq_drive_files_name", "portal_id", "owner_id", "name", unique=True),
    Index("uq_drive_files_object_key", "portal_id", "object_key", unique=True),
    Index(None, "portal_id", "owner_id", "created_at", "id"),
)

drive_uploads = owned(
    "drive_uploads",
    Column("owner_id", BigInteger, nullable=False),
    Column("name", _NAME, nullable=False),
    Column("may_rename", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("content_type", String(255), nullable=False),
    Column("sha256", BINARY(32), nullable=True, comment="announced by the sender"),
    Column("object_key", _KEY, nullable=False),
    Column("handle", VARBINARY(255), nullable=False, comment="the object store's upload id"),
    Column("part_size", Integer, nullable=False),
    Column("expires_at", moment(), nullable=False),
    Column("file_id", BigInteger, nullable=True, comment="once complete"),
    Index(None, "portal_id", "owner_id", "id"),
    Index(None, "portal_id", "expires_at"),
)
