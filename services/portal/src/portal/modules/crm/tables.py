"""The tables of the CRM."""

from sqlalchemy import BigInteger, Column, Index, Integer, Numeric, SmallInteger, String, Text
from sqlalchemy.dialects.mysql import BINARY, MEDIUMTEXT, TINYINT

from db.schema import moment, owned, owned_by_key
from portal.modules.crm.domain.communications import LONGEST_EMAIL
from portal.modules.crm.domain.custom.definitions import LONGEST_NAME as LONGEST_FIELD_CODE
from portal.modules.crm.domain.importing.limits import LONGEST_LABEL
from portal.modules.crm.domain.leads import (
    AMOUNT_DIGITS,
    AMOUNT_PLACES,
    LONGEST_CODE,
    LONGEST_COMPANY,
    LONGEST_EXTERNAL_ID,
    LONGEST_NAME,
    LONGEST_TITLE,
)

# Compared byte by byte: ids of other systems and normalised forms have no accents to overlook.
_EXACT = "utf8mb4_bin"

# Each order and each filter of the list has its index; InnoDB ends each of them with the id.
leads = owned(
    "crm_leads",
    Column("title", String(LONGEST_TITLE), nullable=False),
    Column("status", String(LONGEST_CODE), nullable=False),
    Column("source", String(LONGEST_CODE), nullable=True),
    Column("first_name", String(LONGEST_NAME), nullable=False),
    Column("last_name", String(LONGEST_NAME), nullable=False),
    Column("middle_name", String(LONGEST_NAME), nullable=False),
    Column("company_title", String(LONGEST_COMPANY), nullable=False),
    Column("position", String(LONGEST_NAME), nullable=False),
    Column("amount", Numeric(AMOUNT_DIGITS, AMOUNT_PLACES), nullable=True),
    Column("currency", String(3), nullable=False),
    Column("comment", Text, nullable=False),
    Column("responsible_id", BigInteger, nullable=False),
    Column("external_id", String(LONGEST_EXTERNAL_ID, collation=_EXACT), nullable=True),
    Column("fingerprint", BINARY(32), nullable=True, comment="of the imported row it came from"),
    Column("communications", Text, nullable=False, comment="JSON: phones and emails"),
    Column("version", Integer, nullable=False),
    Column("created_at", moment(), nullable=False),
    Column("created_by", BigInteger, nullable=True, comment="user id; NULL is the system"),
    Column("updated_at", moment(), nullable=False),
    Column("updated_by", BigInteger, nullable=True, comment="user id; NULL is the system"),
    Column("moved_at", moment(), nullable=True, comment="last change of status"),
    Column("moved_by", BigInteger, nullable=True, comment="user id; NULL is the system"),
    Column("closed_at", moment(), nullable=True, comment="since when its status is a final one"),
    Column("originator_id", String(LONGEST_EXTERNAL_ID, collation=_EXACT), nullable=True),
    Column("origin_id", String(LONGEST_EXTERNAL_ID, collation=_EXACT), nullable=True),
    Column("is_public", TINYINT, nullable=False, server_default="1"),
    Column("extras", MEDIUMTEXT, nullable=True, comment="JSON: what few leads have"),
    Column("custom", MEDIUMTEXT, nullable=True, comment="JSON: values of crm_fields by id"),
    Index(None, "portal_id", "created_at"),
    Index(None, "portal_id", "amount"),
    Index(None, "portal_id", "title"),
    Index(None, "portal_id", "status"),
    Index(None, "portal_id", "source"),
    Index(None, "portal_id", "responsible_id"),
    Index(None, "portal_id", "origin_id", "originator_id"),
    Index("uq_crm_leads_external_id", "portal_id", "external_id", unique=True),
    Index("uq_crm_leads_fingerprint", "portal_id", "fingerprint", unique=True),
)

contacts = owned(
    "crm_contacts",
    Column("first_name", String(LONGEST_NAME), nullable=False),
    Column("last_name", String(LONGEST_NAME), nullable=False),
    Column("company_title", String(LONGEST_COMPANY), nullable=False),
    Column("communications", Text, nullable=False, comment="JSON: phones and emails"),
    Column("created_at", moment(), nullable=False),
    Column("created_by", BigInteger, nullable=True, comment="user id; NULL is the system"),
)

# What cards are found by. The cards themselves keep what was written, so a card is one row to read.
lookups = owned_by_key(
    "crm_lookups",
    Column("normalised", String(LONGEST_EMAIL, collation=_EXACT), nullable=False),
    Column("kind", String(16), nullable=False, comment="lead | contact"),
    Column("card_id", BigInteger, nullable=False, autoincrement=False),
    Index(None, "portal_id", "kind", "card_id"),
    key=("normalised", "kind", "card_id"),
)

statuses = owned_by_key(
    "crm_statuses",
    Column("kind", String(16), nullable=False, comment="lead_status | lead_source | honorific"),
    Column("code", String(LONGEST_CODE), nullable=False),
    Column("name", String(LONGEST_NAME), nullable=False),
    Column("position", SmallInteger, nullable=False),
    Column("colour", String(7), nullable=False),
    Column("number", Integer, nullable=True, comment="NULL: that of the default of this code"),
    Column("semantics", String(16), nullable=True, comment="NULL: that of the default"),
    Column("default_name", String(LONGEST_NAME), nullable=True, comment="NULL: was never renamed"),
    Index("uq_crm_statuses_number", "portal_id", "number", unique=True),
    key=("kind", "code"),
)

# A portal's own fields. Never many: they are read together and remembered.
fields = owned(
    "crm_fields",
    Column("entity", String(16), nullable=False, comment="lead"),
    Column("code", String(LONGEST_FIELD_CODE, collation=_EXACT), nullable=False),
    Column("type", String(32), nullable=False),
    Column("is_multiple", TINYINT, nullable=False),
    Column("is_mandatory", TINYINT, nullable=False),
    Column("sort", Integer, nullable=False),
    Column("details", MEDIUMTEXT, nullable=False, comment="JSON: labels, settings, items, ..."),
    Column("last_item", Integer, nullable=False, comment="highest id an item ever had"),
    Index("uq_crm_fields_code", "portal_id", "entity", "code", unique=True),
)

customs = owned_by_key(
    "crm_customs",
    Column("currency", String(3), nullable=False, comment="ISO 4217"),
    Column("phone_region", String(2), nullable=False, comment="ISO 3166; empty is none"),
)

import_problems = owned_by_key(
    "crm_import_problems",
    Column("import_id", BigInteger, nullable=False, autoincrement=False),
    Column("number", Integer, nullable=False, autoincrement=False),
    Column("line", Integer, nullable=False),
    Column("label", String(LONGEST_LABEL), nullable=True, comment="of the column"),
    Column("code", String(64), nullable=False),
    Column("details", Text, nullable=True, comment="JSON: values of the text"),
    Column("found_at", moment(), nullable=False),
    Index(None, "portal_id", "found_at"),
    key=("import_id", "number"),
)
