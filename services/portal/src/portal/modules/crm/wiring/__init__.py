"""Builds the services of the CRM from a session, or from a request or job that opens its own."""

from collections.abc import Mapping, Sequence
from functools import partial

from db.sessions import ReadSession, WriteSession
from portal.context import RequestContext
from portal.modules.company import facade as company
from portal.modules.company.contracts import UserId
from portal.modules.crm.contracts import CardKind
from portal.modules.crm.domain.communications import Email, Phone, lookup_keys
from portal.modules.crm.domain.contacts import MOST_DUPLICATES
from portal.modules.crm.domain.lists import default_lists
from portal.modules.crm.repository.cards import LookupRepository
from portal.modules.crm.repository.contacts import ContactRepository, ContactStore
from portal.modules.crm.repository.fields import FieldStore
from portal.modules.crm.repository.finding import LeadFinder
from portal.modules.crm.repository.leads import LeadRepository, LeadStore
from portal.modules.crm.repository.listing import LeadList
from portal.modules.crm.repository.lists import ListStore, add_lists, read_lists
from portal.modules.crm.service.contacts import ContactService
from portal.modules.crm.service.fields import FieldService
from portal.modules.crm.service.leads import LeadService
from portal.modules.crm.service.lists import ListService
from portal.modules.crm.wiring.lists import custom_of, forget_lists, lists_now, lists_of


async def found(session: WriteSession, locale: str) -> None:
    """Give a new portal its lists, in its language."""
    await add_lists(session, default_lists(locale))


def leads(session: ReadSession) -> LeadRepository:
    """Return the leads of the session's portal, to read."""
    return LeadRepository(session)


def lead_list(session: ReadSession) -> LeadList:
    """Return the list of leads of the session's portal."""
    return LeadList(session, partial(lists_of, session))


def lead_finder(session: ReadSession) -> LeadFinder:
    """Return the leads of the session's portal, by any conditions."""
    return LeadFinder(session, partial(lists_of, session))


async def lead_service(context: RequestContext) -> LeadService:
    """Return the use cases of leads for a request."""
    session = context.writer
    lists = await lists_of(session)
    return LeadService(
        leads=LeadStore(session, lists),
        lists=lists,
        lists_now=partial(lists_now, session),
        works_here=partial(company.works_here, session),
        publish=session.publish,
        by=UserId(context.user.user_id),
        now=session.now,
    )


def contacts(session: ReadSession) -> ContactRepository:
    """Return the contacts of the session's portal, to read."""
    return ContactRepository(session)


async def contact_service(context: RequestContext) -> ContactService:
    """Return the use cases of contacts for a request."""
    session = context.writer
    region = await _region(session)
    return ContactService(
        contacts=ContactStore(session, region),
        region=region,
        publish=session.publish,
        by=context.user.user_id,
        now=session.now,
    )


async def list_service(context: RequestContext) -> ListService:
    """Return the use cases of lists for a request."""
    session = context.writer
    forget_lists(session.portal)
    return ListService(
        entries=ListStore(session), lists=await read_lists(session), publish=session.publish
    )


async def field_service(context: RequestContext) -> FieldService:
    """Return the use cases of the portal's own fields for a request."""
    session = context.writer
    forget_lists(session.portal)
    return FieldService(
        fields=FieldStore(session),
        lists=await read_lists(session),
        publish=session.publish,
        now=session.now,
    )


async def cards_reached_by(
    session: ReadSession, phones: Sequence[str], emails: Sequence[str]
) -> Mapping[CardKind, Sequence[int]]:
    """Return the ids of the cards that share a number or an address, oldest first; of many only some."""
    keys = lookup_keys(map(Phone, phones), map(Email, emails), await _region(session))
    return await LookupRepository(session).find_all([key for key in keys if key], MOST_DUPLICATES)


async def _region(session: ReadSession) -> str:
    return (await lists_of(session)).customs.phone_region


__all__ = [
    "cards_reached_by",
    "contact_service",
    "contacts",
    "custom_of",
    "field_service",
    "found",
    "lead_finder",
    "lead_list",
    "lead_service",
    "leads",
    "list_service",
    "lists_now",
    "lists_of",
]
