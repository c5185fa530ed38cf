"""Contacts in the database, and who else is reached by the same numbers and addresses."""

from collections.abc import Sequence
from functools import cache

from sqlalchemy import Table, bindparam, insert, select

from db.sessions import ReadSession, Row, WriteSession
from db.statements import Statement
from portal.modules.crm.contracts import CardKind, ContactId
from portal.modules.crm.domain.contacts import (
    MOST_DUPLICATES,
    Contact,
    ContactDetails,
    Duplicate,
)
from portal.modules.crm.repository.cards import LookupRepository, LookupStore, packed, unpacked
from portal.modules.crm.repository.keys import arguments, parameters, size_for
from portal.modules.crm.tables import contacts, leads

_MINE = contacts.c.portal_id == bindparam("portal_id")
_COLUMNS = (
    contacts.c.first_name,
    contacts.c.last_name,
    contacts.c.company_title,
    contacts.c.communications,
    contacts.c.id,
    contacts.c.created_at,
    contacts.c.created_by,
)
_FIND = Statement(select(*_COLUMNS).where(_MINE, contacts.c.id == bindparam("contact")))
_PAGE = Statement(
    select(*_COLUMNS)
    .where(_MINE, contacts.c.id > bindparam("after"))
    .order_by(contacts.c.id)
    .limit(bindparam("limit"))
)
_ADD = Statement(
    insert(contacts),
    columns=(
        *("portal_id", "first_name", "last_name", "company_title", "communications"),
        *("created_at", "created_by"),
    ),
)


@cache
def _titles(kind: CardKind, size: int) -> Statement:
    table: Table = leads if kind is CardKind.LEAD else contacts
    names = ("title",) if kind is CardKind.LEAD else ("first_name", "last_name", "company_title")
    return Statement(
        select(table.c.id, *(table.c[name] for name in names))
        .where(table.c.portal_id == bindparam("portal_id"), table.c.id.in_(parameters(size)))
        .order_by(table.c.id)
    )


class ContactRepository:
    """Contacts of one portal."""

    def __init__(self, session: ReadSession) -> None:
        self._session = session
        self._lookups = LookupRepository(session)

    async def find(self, contact: ContactId) -> Contact | None:
        """Return the contact as of now."""
        row = await self._session.first(_FIND, contact=contact)
        return None if row is None else _to_domain(row)

    async def page(self, *, after: int, limit: int) -> Sequence[Contact]:
        """Return contacts by id."""
        return [_to_domain(row) for row in await self._session.all(_PAGE, after=after, limit=limit)]

    async def duplicates(self, keys: Sequence[str]) -> list[Duplicate]:
        """Return who is reached by one of the normalised forms: contacts first, oldest first."""
        found: list[Duplicate] = []
        for kind in (CardKind.CONTACT, CardKind.LEAD):
            cards = await self._lookups.find(kind, keys, MOST_DUPLICATES - len(found))
            if cards:
                found += await self._named(kind, cards)
        return found

    async def _named(self, kind: CardKind, cards: Sequence[int]) -> list[Duplicate]:
        rows = await self._session.all(_titles(kind, size_for(cards)), **arguments(cards))
        if kind is CardKind.LEAD:
            return [Duplicate(kind, card, title) for card, title in rows]
        return [Duplicate(kind, card, ContactDetails(*names).title) for card, *names in rows]


class ContactStore(ContactRepository):
    """Contacts of one portal, inside a transaction."""

    def __init__(self, session: WriteSession, region: str) -> None:
        super().__init__(session)
        self._writer = session
        self._reached = LookupStore(session)
        self._region = region

    async def add(self, details: ContactDetails) -> ContactId:
        """Insert."""
        contact = ContactId(
            await self._writer.insert(
                _ADD,
                first_name=details.first_name,
                last_name=details.last_name,
                company_title=details.company_title,
                communications=packed(details.phones, details.emails),
                created_at=self._writer.now,
                created_by=self._writer.actor,
            )
        )
        keys = details.lookup_keys(self._region)
        await self._reached.add(CardKind.CONTACT, [(contact, key) for key in keys])
        return contact


def _to_domain(row: Row) -> Contact:
    first_name, last_name, company_title, communications, contact, created_at, created_by = row
    phones, emails = unpacked(communications)
    details = ContactDetails(first_name, last_name, company_title, phones, emails)
    return Contact(ContactId(contact), details, created_at, created_by)
