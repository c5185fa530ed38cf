"""What the rest of the portal may ask about people: who asks, and the founding of a company."""

from dataclasses import dataclass
from typing import Literal

from db.sessions import ReadSession, WriteSession
from kernel.settings import Settings
from portal.modules.company import wiring
from portal.modules.company.contracts import Company, UserId, UserRole, UserState
from portal.modules.company.domain import User, normalised_email
from portal.modules.company.wiring.identity import identify


@dataclass(frozen=True, slots=True)
class Founding:
    """What the signup service tells about a new company and its administrator."""

    company: str
    host: str
    region: str
    home_dc: str
    locale: Literal["en", "ru", "uk", "de"]
    email: str
    password_hash: str
    first_name: str
    last_name: str
    session_hash: bytes


async def find_administrator(session: WriteSession) -> UserId | None:
    """Return the first person of the portal, or ``None`` if the portal was not founded yet."""
    people = await wiring.people(session).all(after=0, limit=1, state=None, search=None)
    return people[0].id if people else None


async def works_here(session: ReadSession, user: UserId) -> bool:
    """Whether the person is in the portal and was not dismissed."""
    person = await wiring.people(session).find(user)
    return person is not None and person.state is not UserState.DISMISSED


async def found(session: WriteSession, settings: Settings, new: Founding) -> UserId:
    """Make the company and its administrator; return his id."""
    company = Company(new.company, new.host, new.region, new.home_dc, new.locale, session.now)
    admin = User(
        UserId(0),
        normalised_email(new.email),
        new.first_name,
        new.last_name,
        UserRole.ADMIN,
        UserState.ACTIVE,
        new.locale,
        None,
        session.now,
    )
    service = wiring.people_service(session, settings, new.host)
    return (await service.found(company, admin, new.password_hash, new.session_hash)).id


__all__ = ["Founding", "find_administrator", "found", "identify", "works_here"]
