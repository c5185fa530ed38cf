"""The tables that keep what a lost master alone had (docs/adr/0019); made on each server for itself."""

DATABASE = "CREATE DATABASE IF NOT EXISTS portico_late"

# Replicates from then on, like contents
_CHANGES = """
CREATE TABLE IF NOT EXISTS portico_late.changes (
  number BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  domain INT UNSIGNED NOT NULL,
  server INT UNSIGNED NOT NULL,
  sequence BIGINT UNSIGNED NOT NULL COMMENT 'with the two before: the GTID',
  ordinal INT UNSIGNED NOT NULL COMMENT 'of the row in its transaction',
  at DATETIME NOT NULL,
  portal BIGINT COMMENT 'NULL: of no portal',
  actor BIGINT COMMENT 'user id as in the journal; NULL: unknown, or the system',
  kind VARBINARY(16) NOT NULL COMMENT 'insert, update, delete, statement',
  name VARBINARY(140) NOT NULL COMMENT 'database.table',
  row_key LONGTEXT NOT NULL COMMENT 'JSON',
  before_image LONGTEXT COMMENT 'JSON',
  after_image LONGTEXT COMMENT 'JSON; of a statement its text',
  state VARBINARY(16) NOT NULL COMMENT 'kept, applied, dismissed',
  decided_at DATETIME(6),
  UNIQUE KEY uq_changes_gtid (domain, server, sequence, ordinal),
  KEY ix_changes_portal (portal, number),
  KEY ix_changes_state (state, number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
"""
# Of this server alone: in the database that is not replicated
_WITHDRAWN = """
CREATE TABLE IF NOT EXISTS portico_fence.withdrawn (
  number BIGINT UNSIGNED NOT NULL PRIMARY KEY COMMENT 'of a late change that was undone on this server'
) ENGINE=InnoDB
"""
TABLES = (_CHANGES, _WITHDRAWN)

# reads the log of the lost master, undoes what it alone has, applies what an operator wants
GRANTS = (
    "REPLICATION SLAVE, REPLICATION SLAVE ADMIN, BINLOG ADMIN, BINLOG REPLAY ON *.*",
    "BINLOG MONITOR, SLAVE MONITOR, READ_ONLY ADMIN ON *.*",
    "SELECT, INSERT, UPDATE, DELETE ON portico.*",
    "SELECT, INSERT, UPDATE, DELETE ON portico_late.*",
    "SELECT, INSERT, UPDATE, DELETE ON portico_fence.*",
)
