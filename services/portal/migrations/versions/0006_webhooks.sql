CREATE TABLE IF NOT EXISTS webhooks (
    portal_id BIGINT NOT NULL,
    id BIGINT NOT NULL AUTO_INCREMENT,
    user_id BIGINT NOT NULL COMMENT 'whose rights it has',
    code_hash BINARY(32) NOT NULL COMMENT 'SHA-256',
    title VARCHAR(200) NOT NULL,
    scopes VARCHAR(1000) NOT NULL COMMENT 'separated by spaces',
    created_at DATETIME(6) NOT NULL,
    created_by BIGINT COMMENT 'user id; NULL is the operator',
    last_used_at DATETIME(6) COMMENT 'to some minutes',
    revoked_at DATETIME(6),
    PRIMARY KEY (portal_id, id),
    KEY ix_webhooks_id (id),
    KEY ix_webhooks_portal_id_revoked_at_id (portal_id, revoked_at, id),
    UNIQUE KEY uq_webhooks_code (portal_id, code_hash)
);

CREATE TABLE IF NOT EXISTS event_handlers (
    portal_id BIGINT NOT NULL,
    id BIGINT NOT NULL AUTO_INCREMENT,
    url VARCHAR(2000) COLLATE utf8mb4_bin NOT NULL,
    events VARCHAR(2000) NOT NULL COMMENT 'separated by spaces',
    title VARCHAR(200) NOT NULL,
    state VARCHAR(8) NOT NULL COMMENT 'on | off',
    off_reason VARCHAR(16),
    token VARBINARY(512) NOT NULL COMMENT 'sealed',
    seen_entry BIGINT NOT NULL COMMENT 'the journal is read up to here',
    job_id BIGINT NOT NULL COMMENT 'whose turns deliver',
    created_at DATETIME(6) NOT NULL,
    created_by BIGINT COMMENT 'user id; NULL is the system',
    webhook_id BIGINT COMMENT 'bound through this webhook',
    failing_since DATETIME(6) COMMENT 'NULL: it took the last event',
    failed_tries INTEGER NOT NULL COMMENT 'since it last took an event',
    silences INTEGER NOT NULL COMMENT 'turns in a row without any answer',
    PRIMARY KEY (portal_id, id),
    KEY ix_event_handlers_id (id),
    KEY ix_event_handlers_portal_id_webhook_id (portal_id, webhook_id)
);

CREATE TABLE IF NOT EXISTS event_deliveries (
    portal_id BIGINT NOT NULL,
    id BIGINT NOT NULL AUTO_INCREMENT,
    handler_id BIGINT NOT NULL,
    entry BIGINT NOT NULL COMMENT 'of the journal',
    event VARCHAR(100) NOT NULL,
    entity VARCHAR(64) NOT NULL,
    entity_id BIGINT NOT NULL,
    happened_at DATETIME(6) NOT NULL,
    data TEXT NOT NULL COMMENT 'JSON',
    due_at DATETIME(6) NOT NULL,
    tries SMALLINT NOT NULL,
    error VARCHAR(200) NOT NULL COMMENT 'the last one',
    died_at DATETIME(6) COMMENT 'NULL: it is tried again',
    PRIMARY KEY (portal_id, id),
    KEY ix_event_deliveries_id (id),
    KEY ix_event_deliveries_portal_id_handler_id_died_at_entry (portal_id, handler_id, died_at, entry),
    UNIQUE KEY uq_event_deliveries_entry (portal_id, handler_id, entry)
);

-- a job may sleep until the journal of its portal goes on
ALTER TABLE jobs ADD COLUMN IF NOT EXISTS awaits BIGINT COMMENT 'news behind this entry of the journal' AFTER due_at;
CREATE INDEX IF NOT EXISTS ix_jobs_awaits ON jobs (awaits, portal_id, id);
