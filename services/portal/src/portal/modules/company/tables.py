"""The tables of the company."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Text
from sqlalchemy.dialects.mysql import BINARY, VARBINARY

from db.schema import moment, owned, owned_by_key

# Addresses are compared byte by byte: the default collation would find é equal to e.
_EMAIL = String(254, collation="utf8mb4_bin")

companies = owned_by_key(
    "companies",
    Column("name", String(200), nullable=False),
    Column("host", VARBINARY(63), nullable=False),
    Column("region", String(16), nullable=False),
    Column("home_dc", String(32), nullable=False),
    Column("locale", String(8), nullable=False),
    Column("created_at", moment(), nullable=False),
)

users = owned(
    "users",
    Column("email", _EMAIL, nullable=False),
    Column("first_name", String(100), nullable=False),
    Column("last_name", String(100), nullable=False),
    Column("role", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("locale", String(8), nullable=False),
    Column("password_hash", VARBINARY(255), nullable=True),
    Column("confirmed_at", moment(), nullable=True),
    Column("created_at", moment(), nullable=False),
    Column("dismissed_at", moment(), nullable=True),
    Column("middle_name", String(100), nullable=False, server_default=""),
    Column("position", String(255), nullable=False, server_default=""),
    Column("extension", String(20), nullable=False, server_default="", comment="digits"),
    Column("details", Text, nullable=True, comment="JSON: what else is known"),
    Column("last_login_at", moment(), nullable=True),
    Column("updated_at", moment(), nullable=True, comment="NULL: not since it was created"),
    Index("uq_users_email", "portal_id", "email", unique=True),
    Index(None, "portal_id", "extension"),
    Index(None, "portal_id", "state"),
)

sessions = owned(
    "sessions",
    Column("token_hash", BINARY(32), nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("created_at", moment(), nullable=False),
    Column("expires_at", moment(), nullable=False),
    Index("uq_sessions_token", "portal_id", "token_hash", unique=True),
    Index(None, "portal_id", "user_id"),
)

mail_links = owned(
    "mail_links",
    Column("token_hash", BINARY(32), nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("purpose", String(16), nullable=False, comment="confirmation | invitation"),
    Column("expires_at", moment(), nullable=False),
    Column("used_at", moment(), nullable=True),
    Index("uq_mail_links_token", "portal_id", "token_hash", unique=True),
    Index(None, "portal_id", "user_id"),
)

login_failures = owned_by_key(
    "login_failures",
    Column("email_hash", BINARY(32), nullable=False),
    Column("count", Integer, nullable=False),
    Column("since", moment(), nullable=False),
    key=("email_hash",),
)

departments = owned(
    "departments",
    Column("name", String(200), nullable=False),
    Column("parent_id", BigInteger, nullable=True),
    Column("position", Integer, nullable=False, server_default="500"),
    Column("head_id", BigInteger, nullable=True),
)

department_members = owned_by_key(
    "department_members",
    Column("department_id", BigInteger, nullable=False, autoincrement=False),
    Column("user_id", BigInteger, nullable=False, autoincrement=False),
    Index(None, "portal_id", "user_id"),
    key=("department_id", "user_id"),
)
