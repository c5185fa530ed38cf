"""The tables of webhooks."""

from sqlalchemy import BigInteger, Column, Index, Integer, SmallInteger, String, Text
from sqlalchemy.dialects.mysql import BINARY, VARBINARY

from db.schema import moment, owned

webhooks = owned(
    "webhooks",
    Column("user_id", BigInteger, nullable=False, comment="whose rights it has"),
    Column("code_hash", BINARY(32), nullable=False, comment="SHA-256"),
    Column("title", String(200), nullable=False),
    Column("scopes", String(1000), nullable=False, comment="separated by spaces"),
    Column("created_at", moment(), nullable=False),
    Column("created_by", BigInteger, nullable=True, comment="user id; NULL is the operator"),
    Column("last_used_at", moment(), nullable=True, comment="to some minutes"),
    Column("revoked_at", moment(), nullable=True),
    Index("uq_webhooks_code", "portal_id", "code_hash", unique=True),
    Index(None, "portal_id", "revoked_at", "id"),
)

event_handlers = owned(
    "event_handlers",
    Column("url", String(2000, collation="utf8mb4_bin"), nullable=False),
    Column("events", String(2000), nullable=False, comment="separated by spaces"),
    Column("title", String(200), nullable=False),
    Column("state", String(8), nullable=False, comment="on | off"),
    Column("off_reason", String(16), nullable=True),
    Column("token", VARBINARY(512), nullable=False, comment="sealed"),
    Column("seen_entry", BigInteger, nullable=False, comment="the journal is read up to here"),
    Column("job_id", BigInteger, nullable=False, comment="whose turns deliver"),
    Column("created_at", moment(), nullable=False),
    Column("created_by", BigInteger, nullable=True, comment="user id; NULL is the system"),
    Column("webhook_id", BigInteger, nullable=True, comment="bound through this webhook"),
    Column("failing_since", moment(), nullable=True, comment="NULL: it took the last event"),
    Column("failed_tries", Integer, nullable=False, comment="since it last took an event"),
    Column("silences", Integer, nullable=False, comment="turns in a row without any answer"),
    Index(None, "portal_id", "webhook_id"),
)

# What a receiver did not take yet. What it took at the first try was never here.
event_deliveries = owned(
    "event_deliveries",
    Column("handler_id", BigInteger, nullable=False),
    Column("entry", BigInteger, nullable=False, comment="of the journal"),
    Column("event", String(100), nullable=False),
    Column("entity", String(64), nullable=False),
    Column("entity_id", BigInteger, nullable=False),
    Column("happened_at", moment(), nullable=False),
    Column("data", Text, nullable=False, comment="JSON"),
    Column("due_at", moment(), nullable=False),
    Column("tries", SmallInteger, nullable=False),
    Column("error", String(200), nullable=False, comment="the last one"),
    Column("died_at", moment(), nullable=True, comment="NULL: it is tried again"),
    Index("uq_event_deliveries_entry", "portal_id", "handler_id", "entry", unique=True),
    Index(None, "portal_id", "handler_id", "died_at", "entry"),
)
