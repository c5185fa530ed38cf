"""Builds the services of the company from a session."""

from functools import partial

from db.sessions import ReadSession, WriteSession
from jobs.mail import Mail, send_later
from kernel.settings import Settings
from portal.context import RequestContext
from portal.modules.company.repository.access import (
    AccessStore,
    find_failures,
)
from portal.modules.company.repository.company import CompanyRepository, CompanyStore
from portal.modules.company.repository.people import PeopleRepository, PeopleStore
from portal.modules.company.service.access import AccessService
from portal.modules.company.service.people import Mailer, PeopleService
from portal.modules.licence import facade as licence


def people(session: ReadSession) -> PeopleRepository:
    """Return the people of the session's portal, to read."""
    return PeopleRepository(session)


def company(session: ReadSession) -> CompanyRepository:
    """Return the company of the session's portal, to read."""
    return CompanyRepository(session)


def departments(session: WriteSession) -> CompanyStore:
    """Return the company of the session's portal, to change."""
    return CompanyStore(session)


def access_service(session: WriteSession) -> AccessService:
    """Return the use cases of sessions and links."""
    return AccessService(
        people=PeopleStore(session),
        access=AccessStore(session),
        publish=session.publish,
        now=session.now,
    )


def people_service(session: WriteSession, settings: Settings, host: str) -> PeopleService:
    """Return the use cases of people of the portal with this host label."""
    return PeopleService(
        people=PeopleStore(session),
        access=AccessStore(session),
        company=CompanyStore(session),
        links=access_service(session),
        mailer=Mailer(enqueue=partial(_enqueue_mail, session), url=settings.portal_url(host)),
        require_room=partial(licence.require_room_for_user, session),
        lock_room=partial(licence.lock, session),
        publish=session.publish,
        now=session.now,
    )


def people_of(context: RequestContext) -> PeopleService:
    """Return the use cases of people for a request."""
    return people_service(context.writer, context.resources.settings, context.route.host)


async def _enqueue_mail(
    session: WriteSession, template: str, to: str, locale: str, values: dict[str, str]
) -> None:
    await send_later(session, Mail(template=template, to=to, locale=locale, values=values))


__all__ = [
    "access_service",
    "company",
    "departments",
    "find_failures",
    "people",
    "people_of",
    "people_service",
]
