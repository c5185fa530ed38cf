"""Leads in the database."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from db.errors import ContendedError, DuplicateKeyError
from db.sessions import ReadSession, Row, WriteSession
from db.statements import Statement
from portal.modules.crm.contracts import CardKind, LeadId
from portal.modules.crm.domain.importing.rows import Row as ImportRow
from portal.modules.crm.domain.leads import Lead, LeadDetails
from portal.modules.crm.domain.lists import PortalLists
from portal.modules.crm.errors import ExternalIdTakenError
from portal.modules.crm.repository.cards import LookupStore, packed, unpacked
from portal.modules.crm.repository.extras import (
    packed_custom,
    packed_extras,
    unpacked_custom,
    unpacked_extras,
)
from portal.modules.crm.repository.keys import arguments, parameters, size_for
from portal.modules.crm.tables import leads

# In the order of ``LeadDetails``: half of a list's time is making those of rows
_DETAILS = (
    *("title", "status", "currency", "responsible_id", "source", "first_name", "last_name"),
    *("middle_name", "company_title", "position", "amount", "comment", "external_id"),
    *("originator_id", "origin_id"),
)
_PACKED = ("is_public", "communications", "extras", "custom")
_STATE = ("updated_at", "updated_by", "moved_at", "moved_by", "closed_at")
COLUMNS = tuple(
    leads.c[name]
    for name in (*_DETAILS, *_PACKED, "id", "version", "created_at", "created_by", *_STATE)
)
MINE = leads.c.portal_id == bindparam("portal_id")
_BY_ID = select(*COLUMNS).where(MINE, leads.c.id == bindparam("lead"))
_FIND = Statement(_BY_ID)
_FIND_FOR_UPDATE = Statement(_BY_ID.with_for_update())
_ADD = Statement(
    insert(leads),
    columns=(
        *("portal_id", *_DETAILS, *_PACKED, "fingerprint"),
        *("version", "created_at", "created_by", *_STATE),
    ),
)
_SAVE = Statement(
    update(leads)
    .where(MINE, leads.c.id == bindparam("lead"))
    .values({name: bindparam(f"new_{name}") for name in (*_DETAILS, *_PACKED, "version", *_STATE)})
)
_DELETE = Statement(delete(leads).where(MINE, leads.c.id == bindparam("lead")))


@cache
def _known(column: str, size: int) -> Statement:
    """Build the statement that tells which of so many external ids or fingerprints are there."""
    wanted = leads.c[column].in_(parameters(size))
    return Statement(select(leads.c[column], leads.c.id).where(MINE, wanted))


class LeadRepository:
    """Leads of one portal."""

    def __init__(self, session: ReadSession) -> None:
        self._session = session

    async def find(self, lead: LeadId) -> Lead | None:
        """Return the lead as of now."""
        row = await self._session.first(_FIND, lead=lead)
        return None if row is None else to_domain(row)

    async def known(self, rows: Sequence[ImportRow]) -> dict[str | bytes, LeadId]:
        """Return by key the leads that these imported rows are already."""
        by_fingerprint = [r.fingerprint for r in rows if r.fingerprint is not None]
        by_id = [r.details.external_id for r in rows if r.fingerprint is None]
        return {
            **await self._known("fingerprint", by_fingerprint),
            **await self._known("external_id", by_id),
        }

    async def _known(
        self, column: str, keys: Sequence[str | bytes | None]
    ) -> dict[str | bytes, LeadId]:
        if not keys:
            return {}
        rows = await self._session.all(_known(column, size_for(keys)), **arguments(keys))
        return {key: LeadId(lead) for key, lead in rows}


class LeadStore(LeadRepository):
    """Leads of one portal, inside a transaction. What they are found by is kept with them."""

    def __init__(self, session: WriteSession, lists: PortalLists) -> None:
        super().__init__(session)
        self._writer = session
        self._lookups = LookupStore(session)
        self._lists = lists
        self._region = lists.customs.phone_region

    async def find_for_update(self, lead: LeadId) -> Lead | None:
        """Return the lead, locked until the transaction ends."""
        row = await self._writer.first(_FIND_FOR_UPDATE, lead=lead)
        return None if row is None else to_domain(row)

    async def add(self, details: LeadDetails) -> Lead:
        """Insert; raises ``ExternalIdTakenError``."""
        lead = self._begun(details)
        try:
            lead_id = LeadId(await self._writer.insert(_ADD, **_row(lead), fingerprint=None))
        except DuplicateKeyError:
            raise ExternalIdTakenError(external_id=details.external_id) from None
        await self._lookups.add(CardKind.LEAD, self._reached_by(lead_id, details))
        return replace(lead, id=lead_id)

    async def add_imported(self, rows: Sequence[ImportRow]) -> list[tuple[LeadId, LeadDetails]]:
        """Insert rows that are not known; raises ``ContendedError`` if one just became so."""
        new = [{**_row(self._begun(row.details)), "fingerprint": row.fingerprint} for row in rows]
        try:
            await self._writer.insert_many(_ADD, new)
        except DuplicateKeyError:
            raise ContendedError from None
        ids = await self.known(rows)
        added = [(ids[row.key], row.details) for row in rows]
        await self._lookups.add(
            CardKind.LEAD, [pair for lead in added for pair in self._reached_by(*lead)]
        )
        return added

    async def save(self, old: Lead, new: Lead) -> None:
        """Write what has changed; raises ``ExternalIdTakenError``."""
        written = {f"new_{name}": value for name, value in _row(new).items()}
        try:
            await self._writer.change(_SAVE, lead=new.id, **written)
        except DuplicateKeyError:
            raise ExternalIdTakenError(external_id=new.details.external_id) from None
        if (old.details.phones, old.details.emails) != (new.details.phones, new.details.emails):
            await self._lookups.forget(CardKind.LEAD, new.id)
            await self._lookups.add(CardKind.LEAD, self._reached_by(new.id, new.details))

    async def delete(self, lead: LeadId) -> None:
        """Remove the lead with what it is found by."""
        await self._writer.change(_DELETE, lead=lead)
        await self._lookups.forget(CardKind.LEAD, lead)

    def _begun(self, details: LeadDetails) -> Lead:
        """Return the lead as it is when it has just been made; its id is to come."""
        at, by = self._writer.now, self._writer.actor
        closed_at = at if self._lists.semantics_of(details.status).is_final else None
        return Lead(LeadId(0), 1, details, at, by, at, by, at, by, closed_at)

    def _reached_by(self, lead: LeadId, details: LeadDetails) -> Iterable[tuple[int, str]]:
        return ((lead, key) for key in details.lookup_keys(self._region))


def to_domain(row: Row) -> Lead:
    """Map a row of ``COLUMNS``."""
    packed_at = len(_DETAILS)
    is_public, communications, extras, custom, lead, version, *state = row[packed_at:]
    phones, emails = unpacked(communications)
    more: dict[str, Any] = {}
    if extras is not None:
        phones, emails, more = unpacked_extras(extras, phones, emails)
    if custom is not None:
        more["custom"] = unpacked_custom(custom)
    details = LeadDetails(*(*row[:packed_at], bool(is_public), phones, emails), **more)
    return Lead(LeadId(lead), version, details, *state)


def _row(lead: Lead) -> dict[str, Any]:
    details = lead.details
    row: dict[str, Any] = {name: getattr(details, name) for name in _DETAILS}
    row["is_public"] = details.is_public
    row["communications"] = packed(details.phones, details.emails)
    row["extras"] = packed_extras(details)
    row["custom"] = packed_custom(details.custom)
    for name in ("version", "created_at", "created_by", *_STATE):
        row[name] = getattr(lead, name)
    return row
