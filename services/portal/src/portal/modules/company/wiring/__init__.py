"""Builds the services of the company from a session."""

from functools import partial

from db.sessions import ReadSession, WriteSession
from jobs.mail import Mail, send_later
from kernel.settings import Settings
from portal.context import RequestContext
from portal.modules.company.contracts import UserId, UserState
from portal.modules.company.domain.people import Editor
from portal.modules.company.repository.access import (
    AccessStore,
    find_failures,
)
from portal.modules.company.repository.company import CompanyRepository, CompanyStore
from portal.modules.company.repository.departments import DepartmentRepository, DepartmentStore
from portal.modules.company.repository.finder import PeopleFinder
from portal.modules.company.repository.people import PeopleRepository, PeopleStore
from portal.modules.company.service.access import AccessService
from portal.modules.company.service.departments import DepartmentService
from portal.modules.company.service.mailer import Mailer
from portal.modules.company.service.people import PeopleService
from portal.modules.company.service.profiles import ProfileService
from portal.modules.licence import facade as licence


def people(session: ReadSession) -> PeopleRepository:
    """Return the people of the session's portal, to read."""
    return PeopleRepository(session)


def people_finder(session: ReadSession) -> PeopleFinder:
    """Return the people of the session's portal, to look for."""
    return PeopleFinder(session)


def company(session: ReadSession) -> CompanyRepository:
    """Return the company of the session's portal, to read."""
    return CompanyRepository(session)


def departments(session: ReadSession) -> DepartmentRepository:
    """Return the departments of the session's portal, to read."""
    return DepartmentRepository(session)


async def works_here(session: ReadSession, user: UserId) -> bool:
    """Whether the person is in the portal and was not dismissed."""
    person = await people(session).find(user)
    return person is not None and person.state is not UserState.DISMISSED


def department_service(session: WriteSession) -> DepartmentService:
    """Return the use cases of departments."""
    return DepartmentService(
        departments=DepartmentStore(session),
        works_here=partial(works_here, session),
        publish=session.publish,
    )


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
        departments=DepartmentStore(session),
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


def profiles_of(context: RequestContext, by: Editor) -> ProfileService:
    """Return the use cases of profiles for a request of somebody."""
    session = context.writer
    return ProfileService(
        people=PeopleStore(session),
        departments=DepartmentStore(session),
        welcome=partial(people_of(context).welcome, by=by.user_id),
        by=by,
        publish=session.publish,
        now=session.now,
    )


async def _enqueue_mail(
    session: WriteSession, template: str, to: str, locale: str, values: dict[str, str]
) -> None:
    await send_later(session, Mail(template=template, to=to, locale=locale, values=values))


__all__ = [
    "access_service",
    "company",
    "department_service",
    "departments",
    "find_failures",
    "people",
    "people_finder",
    "people_of",
    "people_service",
    "profiles_of",
    "works_here",
]
