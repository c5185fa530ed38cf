"""Tables of the web node itself; those of the tools are in their modules."""

from sqlalchemy import BigInteger, Column, Index, SmallInteger
from sqlalchemy.dialects.mysql import BINARY, MEDIUMBLOB, VARBINARY

from db.schema import moment, owned_by_key

LONGEST_KEY = 255

idempotency_keys = owned_by_key(
    "idempotency_keys",
    Column("actor", BigInteger, nullable=False, autoincrement=False),
    Column("name", VARBINARY(LONGEST_KEY), nullable=False),
    Column("fingerprint", BINARY(32), nullable=False, comment="of method, path and body"),
    Column("status", SmallInteger, nullable=True),
    Column("headers", VARBINARY(2048), nullable=True, comment="JSON"),
    Column("body", MEDIUMBLOB, nullable=True),
    Column("created_at", moment(), nullable=False),
    Index(None, "portal_id", "created_at"),
    key=("actor", "name"),
)
