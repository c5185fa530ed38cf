ALTER TABLE crm_leads
    ADD COLUMN IF NOT EXISTS updated_by BIGINT COMMENT 'user id; NULL is the system',
    ADD COLUMN IF NOT EXISTS moved_at DATETIME(6) COMMENT 'last change of status',
    ADD COLUMN IF NOT EXISTS moved_by BIGINT COMMENT 'user id; NULL is the system',
    ADD COLUMN IF NOT EXISTS closed_at DATETIME(6) COMMENT 'since when its status is a final one',
    ADD COLUMN IF NOT EXISTS originator_id VARCHAR(255) COLLATE utf8mb4_bin,
    ADD COLUMN IF NOT EXISTS origin_id VARCHAR(255) COLLATE utf8mb4_bin,
    ADD COLUMN IF NOT EXISTS is_public TINYINT NOT NULL DEFAULT '1',
    ADD COLUMN IF NOT EXISTS extras MEDIUMTEXT COMMENT 'JSON: what few leads have',
    ADD COLUMN IF NOT EXISTS custom MEDIUMTEXT COMMENT 'JSON: values of crm_fields by id',
    ALGORITHM = INSTANT;

ALTER TABLE crm_leads
    ADD INDEX IF NOT EXISTS ix_crm_leads_portal_id_origin_id_originator_id (portal_id, origin_id, originator_id),
    ALGORITHM = NOCOPY, LOCK = NONE;

ALTER TABLE crm_statuses
    ADD COLUMN IF NOT EXISTS number INTEGER COMMENT 'NULL: that of the default of this code',
    ADD COLUMN IF NOT EXISTS semantics VARCHAR(16) COMMENT 'NULL: that of the default',
    ADD COLUMN IF NOT EXISTS default_name VARCHAR(100) COMMENT 'NULL: was never renamed',
    MODIFY COLUMN kind VARCHAR(16) NOT NULL COMMENT 'lead_status | lead_source | honorific',
    ALGORITHM = INSTANT;

ALTER TABLE crm_statuses
    ADD UNIQUE INDEX IF NOT EXISTS uq_crm_statuses_number (portal_id, number),
    ALGORITHM = NOCOPY, LOCK = NONE;

CREATE TABLE IF NOT EXISTS crm_fields (
    portal_id BIGINT NOT NULL,
    id BIGINT NOT NULL AUTO_INCREMENT,
    entity VARCHAR(16) NOT NULL COMMENT 'lead',
    code VARCHAR(50) COLLATE utf8mb4_bin NOT NULL,
    type VARCHAR(32) NOT NULL,
    is_multiple TINYINT NOT NULL,
    is_mandatory TINYINT NOT NULL,
    sort INTEGER NOT NULL,
    details MEDIUMTEXT NOT NULL COMMENT 'JSON: labels, settings, items, ...',
    last_item INTEGER NOT NULL COMMENT 'highest id an item ever had',
    PRIMARY KEY (portal_id, id),
    KEY ix_crm_fields_id (id),
    UNIQUE KEY uq_crm_fields_code (portal_id, entity, code)
);
