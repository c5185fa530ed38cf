CREATE TABLE IF NOT EXISTS drive_storage (
    portal_id BIGINT NOT NULL,
    bucket VARBINARY(63) NOT NULL,
    access_key VARBINARY(128) NOT NULL,
    secret VARBINARY(512) NOT NULL COMMENT 'sealed',
    bytes BIGINT NOT NULL,
    files BIGINT NOT NULL,
    reserved BIGINT NOT NULL COMMENT 'bytes of uploads under way',
    changed_at DATETIME(6) NOT NULL,
    swept_to VARBINARY(64) NOT NULL COMMENT 'each object up to here has its row',
    sweep_due_at DATETIME(6) COMMENT 'NULL: none is planned',
    PRIMARY KEY (portal_id)
);

CREATE TABLE IF NOT EXISTS drive_files (
    portal_id BIGINT NOT NULL,
    id BIGINT NOT NULL AUTO_INCREMENT,
    owner_id BIGINT NOT NULL,
    name VARCHAR(255) COLLATE utf8mb4_uca1400_nopad_as_ci NOT NULL,
    size BIGINT NOT NULL,
    content_type VARCHAR(255) NOT NULL,
    sha256 BINARY(32),
    object_key VARBINARY(64) NOT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (portal_id, id),
    KEY ix_drive_files_id (id),
    KEY ix_drive_files_portal_id_owner_id_created_at_id (portal_id, owner_id, created_at, id),
    UNIQUE KEY uq_drive_files_name (portal_id, owner_id, name),
    UNIQUE KEY uq_drive_files_object_key (portal_id, object_key)
);

CREATE TABLE IF NOT EXISTS drive_uploads (
    portal_id BIGINT NOT NULL,
    id BIGINT NOT NULL AUTO_INCREMENT,
    owner_id BIGINT NOT NULL,
    name VARCHAR(255) COLLATE utf8mb4_uca1400_nopad_as_ci NOT NULL,
    may_rename INTEGER NOT NULL,
    size BIGINT NOT NULL,
    content_type VARCHAR(255) NOT NULL,
    sha256 BINARY(32) COMMENT 'announced by the sender',
    object_key VARBINARY(64) NOT NULL,
    handle VARBINARY(255) NOT NULL COMMENT 'the object store''s upload id',
    part_size INTEGER NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    file_id BIGINT COMMENT 'once complete',
    PRIMARY KEY (portal_id, id),
    KEY ix_drive_uploads_id (id),
    KEY ix_drive_uploads_portal_id_expires_at (portal_id, expires_at),
    KEY ix_drive_uploads_portal_id_owner_id_id (portal_id, owner_id, id)
);
