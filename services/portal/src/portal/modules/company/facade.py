"""What the rest of the portal may ask about people: who asks, who works here, the founding of a company."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Literal

from db.sessions import ReadSession, WriteSession
from kernel.conditions import Sorting
from kernel.settings import Settings
from portal.modules.company import wiring
from portal.modules.company.contracts import Company, Person, UserId, UserRole, UserState
from portal.modules.company.domain.people import User, normalised_email
from portal.modules.company.domain.profiles import Gender
from portal.modules.company.wiring import works_here
from portal.modules.company.wiring.identity import identify

_GENDERS = {Gender.MALE: "M", Gender.FEMALE: "F", None: ""}


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
    members = await wiring.people_finder(session).page((), (Sorting("id"),), 0, 1)
    return members[0].user.id if members else None


async def find_person(session: ReadSession, user_id: UserId) -> Person | None:
    """Return the person, dismissed or not."""
    user = await wiring.people(session).find(user_id)
    return None if user is None else Person(user.id, user.role, user.state, user.locale)


async def event_fields(session: ReadSession, user_id: UserId) -> Mapping[str, Any] | None:
    """Return what the documented event ONUSERADD tells of a person; ``None`` if there is no such."""
    member = await wiring.people(session).find_member(user_id)
    if member is None:
        return None
    user, profile = member.user, member.user.profile
    return {
        "ID": user.id,
        "ACTIVE": "Y" if user.is_active else "N",
        "EMAIL": user.email,
        "NAME": user.first_name,
        "LAST_NAME": user.last_name,
        "PERSONAL_GENDER": _GENDERS[profile.gender],
        "PERSONAL_BIRTHDAY": profile.birthday.isoformat() if profile.birthday else "",
        "UF_DEPARTMENT": list(member.department_ids),
        "DATE_REGISTER": user.created_at.astimezone(UTC).isoformat(timespec="seconds"),
        "WORK_POSITION": profile.position,
        "UF_EMPLOYMENT_DATE": profile.employed_on.isoformat() if profile.employed_on else "",
    }


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


__all__ = [
    "Founding",
    "event_fields",
    "find_administrator",
    "find_person",
    "found",
    "identify",
    "works_here",
]
