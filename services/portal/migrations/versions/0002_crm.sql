CREATE TABLE IF NOT EXISTS crm_leads (
    portal_id BIGINT NOT NULL,
    id BIGINT NOT NULL AUTO_INCREMENT,
    title VARCHAR(255) NOT NULL,
    status VARCHAR(50) NOT NULL,
    source VARCHAR(50),
    first_name VARCHAR(100) NOT NULL,
    last_name VARCHAR(100) NOT NULL,
    middle_name VARCHAR(100) NOT NULL,
    company_title VARCHAR(255) NOT NULL,
    position VARCHAR(100) NOT NULL,
    amount NUMERIC(15, 2),
    currency VARCHAR(3) NOT NULL,
    comment TEXT NOT NULL,
    responsible_id BIGINT NOT NULL,
    external_id VARCHAR(255) COLLATE utf8mb4_bin,
    fingerprint BINARY(32) COMMENT 'of the imported row it came from',
    communications TEXT NOT NULL COMMENT 'JSON: phones and emails',
    version INTEGER NOT NULL,
    created_at DATETIME(6) NOT NULL,
    created_by BIGINT COMMENT 'user id; NULL is the system',
    updated_at DATETIME(6) NOT NULL,
    PRIMARY KEY (portal_id, id),
    KEY ix_crm_leads_id (id),
    KEY ix_crm_leads_portal_id_amount (portal_id, amount),
    KEY ix_crm_leads_portal_id_created_at (portal_id, created_at),
    KEY ix_crm_leads_portal_id_responsible_id (portal_id, responsible_id),
    KEY ix_crm_leads_portal_id_source (portal_id, source),
    KEY ix_crm_leads_portal_id_status (portal_id, status),
    KEY ix_crm_leads_portal_id_title (portal_id, title),
    UNIQUE KEY uq_crm_leads_external_id (portal_id, external_id),
    UNIQUE KEY uq_crm_leads_fingerprint (portal_id, fingerprint)
);

CREATE TABLE IF NOT EXISTS crm_contacts (
    portal_id BIGINT NOT NULL,
    id BIGINT NOT NULL AUTO_INCREMENT,
    first_name VARCHAR(100) NOT NULL,
    last_name VARCHAR(100) NOT NULL,
    company_title VARCHAR(255) NOT NULL,
    communications TEXT NOT NULL COMMENT 'JSON: phones and emails',
    created_at DATETIME(6) NOT NULL,
    created_by BIGINT COMMENT 'user id; NULL is the system',
    PRIMARY KEY (portal_id, id),
    KEY ix_crm_contacts_id (id)
);

CREATE TABLE IF NOT EXISTS crm_lookups (
    portal_id BIGINT NOT NULL,
    normalised VARCHAR(254) COLLATE utf8mb4_bin NOT NULL,
    kind VARCHAR(16) NOT NULL COMMENT 'lead | contact',
    card_id BIGINT NOT NULL,
    PRIMARY KEY (portal_id, normalised, kind, card_id),
    KEY ix_crm_lookups_portal_id_kind_card_id (portal_id, kind, card_id)
);

CREATE TABLE IF NOT EXISTS crm_statuses (
    portal_id BIGINT NOT NULL,
    kind VARCHAR(16) NOT NULL COMMENT 'lead_status | lead_source',
    code VARCHAR(50) NOT NULL,
    name VARCHAR(100) NOT NULL,
    position SMALLINT NOT NULL,
    colour VARCHAR(7) NOT NULL,
    PRIMARY KEY (portal_id, kind, code)
);

CREATE TABLE IF NOT EXISTS crm_customs (
    portal_id BIGINT NOT NULL,
    currency VARCHAR(3) NOT NULL COMMENT 'ISO 4217',
    phone_region VARCHAR(2) NOT NULL COMMENT 'ISO 3166; empty is none',
    PRIMARY KEY (portal_id)
);

CREATE TABLE IF NOT EXISTS crm_import_problems (
    portal_id BIGINT NOT NULL,
    import_id BIGINT NOT NULL,
    number INTEGER NOT NULL,
    line INTEGER NOT NULL,
    label VARCHAR(100) COMMENT 'of the column',
    code VARCHAR(64) NOT NULL,
    details TEXT COMMENT 'JSON: values of the text',
    found_at DATETIME(6) NOT NULL,
    PRIMARY KEY (portal_id, import_id, number),
    KEY ix_crm_import_problems_portal_id_found_at (portal_id, found_at)
);
