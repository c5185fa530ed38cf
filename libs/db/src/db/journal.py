"""The journal: what happened in a portal, written in the same transaction as the change.

One mechanism feeds history, notifications, webhooks, search and "changes since". Readers keep a cursor.
Ids become visible out of order, since transactions commit in another order than they inserted; reading
is therefore a *locking* read, which waits at the first row that is written and not yet committed instead
of stepping over it. With ``innodb_autoinc_lock_mode=0`` an id is handed out and its row written in one
step, so nothing lower can appear later (ADR 0006, and the property test beside this file).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import BigInteger, Column, String, bindparam, insert, select
from sqlalchemy.dialects.mysql import MEDIUMTEXT

from db.schema import moment, owned
from db.statements import Statement
from kernel.facts import Fact

journal = owned(
    "journal",
    Column("entity", String(64), nullable=False),
    Column("entity_id", BigInteger, nullable=False),
    Column("verb", String(32), nullable=False),
    Column("actor", BigInteger, nullable=True, comment="user id; NULL is the system"),
    Column("at", moment(), nullable=False),
    Column("payload", MEDIUMTEXT, nullable=False, comment="JSON"),
)

APPEND = Statement(
    insert(journal),
    columns=("portal_id", "entity", "entity_id", "verb", "actor", "at", "payload"),
)
SINCE = Statement(
    select(
        journal.c.id,
        journal.c.entity,
        journal.c.entity_id,
        journal.c.verb,
        journal.c.actor,
        journal.c.at,
        journal.c.payload,
    )
    .where(journal.c.portal_id == bindparam("portal_id"), journal.c.id > bindparam("cursor"))
    .order_by(journal.c.id)
    .limit(bindparam("limit"))
    .with_for_update(read=True)
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact as the journal keeps it."""

    id: int
    entity: str
    entity_id: int
    verb: str
    actor: int | None
    at: datetime
    payload: Mapping[str, Any]


def rows(facts: Sequence[Fact], actor: int | None, at: datetime) -> list[dict[str, Any]]:
    """Return the rows of the facts, for ``APPEND``; the session adds the portal."""
    return [
        {
            "entity": f.entity,
            "entity_id": f.entity_id,
            "verb": f.verb,
            "actor": actor,
            "at": at,
            "payload": orjson.dumps(f.payload).decode(),
        }
        for f in facts
    ]


def entry(row: Sequence[Any]) -> Entry:
    """Map a row of ``SINCE``."""
    entry_id, entity, entity_id, verb, actor, at, payload = row
    return Entry(entry_id, entity, entity_id, verb, actor, at, orjson.loads(payload))
