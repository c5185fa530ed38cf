ALTER TABLE users
    ADD COLUMN IF NOT EXISTS middle_name VARCHAR(100) NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS position VARCHAR(255) NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS extension VARCHAR(20) NOT NULL DEFAULT '' COMMENT 'digits',
    ADD COLUMN IF NOT EXISTS details TEXT COMMENT 'JSON: what else is known',
    ADD COLUMN IF NOT EXISTS last_login_at DATETIME(6),
    ADD COLUMN IF NOT EXISTS updated_at DATETIME(6) COMMENT 'NULL: not since it was created',
    ADD KEY IF NOT EXISTS ix_users_portal_id_extension (portal_id, extension);

ALTER TABLE departments
    ADD COLUMN IF NOT EXISTS position INTEGER NOT NULL DEFAULT 500,
    ADD COLUMN IF NOT EXISTS head_id BIGINT;
