"""Builds the services of the CRM from a session, or from a request or job that opens its own."""

from functools import partial

from db.sessions import ReadSession, WriteSession
from portal.context import RequestContext
from portal.modules.company import facade as company
from portal.modules.company.contracts import UserId
from portal.modules.crm.domain.lists import default_lists
from portal.modules.crm.repository.contacts import ContactRepository, ContactStore
from portal.modules.crm.repository.leads import LeadRepository, LeadStore
from portal.modules.crm.repository.listing import LeadList
from portal.modules.crm.repository.lists import add_lists
from portal.modules.crm.service.contacts import ContactService
from portal.modules.crm.service.leads import LeadService
from portal.modules.crm.wiring.lists import lists_of


async def found(session: WriteSession, locale: str) -> None:
    """Give a new portal its lists, in its language."""
    await add_lists(session, default_lists(locale))


def leads(session: ReadSession) -> LeadRepository:
    """Return the leads of the session's portal, to read."""
    return LeadRepository(session)


def lead_list(session: ReadSession) -> LeadList:
    """Return the list of leads of the session's portal."""
    return LeadList(session, partial(_region, session))


async def lead_service(context: RequestContext) -> LeadService:
    """Return the use cases of leads for a request."""
    session = context.writer
    lists = await lists_of(session)
    return LeadService(
        leads=LeadStore(session, lists.customs.phone_region),
        lists=lists,
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


async def _region(session: ReadSession) -> str:
    return (await lists_of(session)).customs.phone_region


__all__ = [
    "contact_service",
    "contacts",
    "found",
    "lead_list",
    "lead_service",
    "leads",
    "lists_of",
]
