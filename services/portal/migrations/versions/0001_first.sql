CREATE TABLE IF NOT EXISTS companies (
    portal_id BIGINT NOT NULL,
    name VARCHAR(200) NOT NULL,
    host VARBINARY(63) NOT NULL,
    region VARCHAR(16) NOT NULL,
    home_dc VARCHAR(32) NOT NULL,
    locale VARCHAR(8) NOT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (portal_id)
);

CREATE TABLE IF NOT EXISTS users (
    portal_id BIGINT NOT NULL,
    id BIGINT NOT NULL AUTO_INCREMENT,
    email VARCHAR(254) COLLATE utf8mb4_bin NOT NULL,
    first_name VARCHAR(100) NOT NULL,
    last_name VARCHAR(100) NOT NULL,
    `role` VARCHAR(16) NOT NULL,
    state VARCHAR(16) NOT NULL,
    locale VARCHAR(8) NOT NULL,
    password_hash VARBINARY(255),
    confirmed_at DATETIME(6),
    created_at DATETIME(6) NOT NULL,
    dismissed_at DATETIME(6),
    PRIMARY KEY (portal_id, id),
    KEY ix_users_id (id),
    KEY ix_users_portal_id_state (portal_id, state),
    UNIQUE KEY uq_users_email (portal_id, email)
);

CREATE TABLE IF NOT EXISTS sessions (
    portal_id BIGINT NOT NULL,
    id BIGINT NOT NULL AUTO_INCREMENT,
    token_hash BINARY(32) NOT NULL,
    user_id BIGINT NOT NULL,
    created_at DATETIME(6) NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    PRIMARY KEY (portal_id, id),
    KEY ix_sessions_id (id),
    KEY ix_sessions_portal_id_user_id (portal_id, user_id),
    UNIQUE KEY uq_sessions_token (portal_id, token_hash)
);

CREATE TABLE IF NOT EXISTS mail_links (
    portal_id BIGINT NOT NULL,
    id BIGINT NOT NULL AUTO_INCREMENT,
    token_hash BINARY(32) NOT NULL,
    user_id BIGINT NOT NULL,
    purpose VARCHAR(16) NOT NULL COMMENT 'confirmation | invitation',
    expires_at DATETIME(6) NOT NULL,
    used_at DATETIME(6),
    PRIMARY KEY (portal_id, id),
    KEY ix_mail_links_id (id),
    KEY ix_mail_links_portal_id_user_id (portal_id, user_id),
    UNIQUE KEY uq_mail_links_token (portal_id, token_hash)
);

CREATE TABLE IF NOT EXISTS login_failures (
    portal_id BIGINT NOT NULL,
    email_hash BINARY(32) NOT NULL,
    count INTEGER NOT NULL,
    since DATETIME(6) NOT NULL,
    PRIMARY KEY (portal_id, email_hash)
);

CREATE TABLE IF NOT EXISTS departments (
    portal_id BIGINT NOT NULL,
    id BIGINT NOT NULL AUTO_INCREMENT,
    name VARCHAR(200) NOT NULL,
    parent_id BIGINT,
    PRIMARY KEY (portal_id, id),
    KEY ix_departments_id (id)
);

CREATE TABLE IF NOT EXISTS department_members (
    portal_id BIGINT NOT NULL,
    department_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    PRIMARY KEY (portal_id, department_id, user_id),
    KEY ix_department_members_portal_id_user_id (portal_id, user_id)
);

CREATE TABLE IF NOT EXISTS plans (
    code VARCHAR(32) NOT NULL,
    position INTEGER NOT NULL,
    price NUMERIC(12, 2) NOT NULL COMMENT 'per month',
    currency VARCHAR(3) NOT NULL,
    users INTEGER COMMENT 'active users; NULL is no limit',
    storage_bytes BIGINT COMMENT 'NULL is no limit',
    PRIMARY KEY (code)
);

CREATE TABLE IF NOT EXISTS licences (
    portal_id BIGINT NOT NULL,
    plan VARCHAR(32) NOT NULL,
    granted_at DATETIME(6) NOT NULL,
    PRIMARY KEY (portal_id)
);

CREATE TABLE IF NOT EXISTS idempotency_keys (
    portal_id BIGINT NOT NULL,
    actor BIGINT NOT NULL,
    name VARBINARY(255) NOT NULL,
    fingerprint BINARY(32) NOT NULL COMMENT 'of method, path and body',
    status SMALLINT,
    headers VARBINARY(2048) COMMENT 'JSON',
    body MEDIUMBLOB,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (portal_id, actor, name),
    KEY ix_idempotency_keys_portal_id_created_at (portal_id, created_at)
);

CREATE TABLE IF NOT EXISTS journal (
    portal_id BIGINT NOT NULL,
    id BIGINT NOT NULL AUTO_INCREMENT,
    entity VARCHAR(64) NOT NULL,
    entity_id BIGINT NOT NULL,
    verb VARCHAR(32) NOT NULL,
    actor BIGINT COMMENT 'user id; NULL is the system',
    at DATETIME(6) NOT NULL,
    payload MEDIUMTEXT NOT NULL COMMENT 'JSON',
    PRIMARY KEY (portal_id, id),
    KEY ix_journal_id (id)
);

CREATE TABLE IF NOT EXISTS jobs (
    portal_id BIGINT NOT NULL,
    id BIGINT NOT NULL AUTO_INCREMENT,
    kind VARCHAR(64) NOT NULL,
    state VARCHAR(8) NOT NULL,
    due_at DATETIME(6) COMMENT 'NULL when finished',
    claimed_by VARCHAR(100) COMMENT 'one claim of one worker',
    attempts INTEGER NOT NULL COMMENT 'since it last got on',
    max_attempts INTEGER NOT NULL,
    unique_key VARCHAR(128) COLLATE utf8mb4_bin,
    payload TEXT NOT NULL COMMENT 'JSON',
    progress TEXT COMMENT 'JSON',
    result MEDIUMTEXT COMMENT 'JSON',
    error VARCHAR(500) COMMENT 'the last one',
    created_at DATETIME(6) NOT NULL,
    created_by BIGINT COMMENT 'user id; NULL is the system',
    finished_at DATETIME(6),
    PRIMARY KEY (portal_id, id),
    CONSTRAINT uq_jobs_portal_id_unique_key UNIQUE (portal_id, unique_key),
    KEY ix_jobs_due (due_at, portal_id, id),
    KEY ix_jobs_finished (finished_at, portal_id, id),
    KEY ix_jobs_id (id)
);

-- plans are data: the operator changes a limit here and every portal sees it
INSERT IGNORE INTO plans (code, position, price, currency, users, storage_bytes) VALUES
    ('project', 1, 0.00, 'RUB', 12, 5368709120),
    ('team', 2, 4990.00, 'RUB', NULL, 107374182400),
    ('company', 3, 9990.00, 'RUB', NULL, NULL);
