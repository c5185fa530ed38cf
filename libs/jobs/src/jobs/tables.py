"""The table of jobs."""

from enum import StrEnum

from sqlalchemy import BigInteger, Column, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.dialects.mysql import MEDIUMTEXT

from db.schema import moment, owned

ERROR_LENGTH = 500


class State(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"  # waits for its time, the first or the next
    RUNNING = "running"  # begun; whoever holds it does so until ``due_at``
    DONE = "done"
    FAILED = "failed"  # cannot succeed, and whoever did it knows
    DEAD = "dead"  # given up


# `due_at` decides when a worker may take a job: its wished time, its next try, or the end of the present
# lease. One column, so that "what is due" is one short range of one index. A job that follows the journal
# may be taken earlier: as soon as its portal's journal goes on behind `awaits`.
jobs = owned(
    "jobs",
    Column("kind", String(64), nullable=False),
    Column("state", String(8), nullable=False),
    Column("due_at", moment(), nullable=True, comment="NULL when finished"),
    Column("awaits", BigInteger, nullable=True, comment="news behind this entry of the journal"),
    Column("claimed_by", String(100), nullable=True, comment="one claim of one worker"),
    Column("attempts", Integer, nullable=False, comment="since it last got on"),
    Column("max_attempts", Integer, nullable=False),
    Column("unique_key", String(128, collation="utf8mb4_bin"), nullable=True),
    Column("payload", Text, nullable=False, comment="JSON"),
    Column("progress", Text, nullable=True, comment="JSON"),
    Column("result", MEDIUMTEXT, nullable=True, comment="JSON"),
    Column("error", String(ERROR_LENGTH), nullable=True, comment="the last one"),
    Column("created_at", moment(), nullable=False),
    Column("created_by", BigInteger, nullable=True, comment="user id; NULL is the system"),
    Column("finished_at", moment(), nullable=True),
    UniqueConstraint("portal_id", "unique_key"),
    Index("ix_jobs_due", "due_at", "portal_id", "id"),
    Index("ix_jobs_awaits", "awaits", "portal_id", "id"),
    Index("ix_jobs_finished", "finished_at", "portal_id", "id"),
)
