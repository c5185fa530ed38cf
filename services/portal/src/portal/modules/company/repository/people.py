"""People in the database."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import bindparam, delete, func, insert, select, update

from db.errors import DuplicateKeyError
from db.sessions import ReadSession, Row, WriteSession
from db.statements import Statement
from portal.modules.company.contracts import UserId, UserRole, UserState
from portal.modules.company.domain.people import Member, User
from portal.modules.company.domain.profiles import PROFILE, Gender, Profile
from portal.modules.company.errors import EmailTakenError
from portal.modules.company.tables import department_members, users

COLUMNS = (
    users.c.id,
    users.c.email,
    users.c.first_name,
    users.c.last_name,
    users.c.role,
    users.c.state,
    users.c.locale,
    users.c.confirmed_at,
    users.c.created_at,
    users.c.dismissed_at,
    users.c.middle_name,
    users.c.position,
    users.c.extension,
    users.c.details,
    users.c.last_login_at,
    users.c.updated_at,
)
MINE = users.c.portal_id == bindparam("portal_id")
_BY_ID = select(*COLUMNS).where(MINE, users.c.id == bindparam("id"))
_FIND = Statement(_BY_ID)
_FIND_FOR_UPDATE = Statement(_BY_ID.with_for_update())
_FIND_BY_EMAIL = Statement(select(*COLUMNS).where(MINE, users.c.email == bindparam("email")))
_PASSWORD = Statement(
    select(users.c.id, users.c.password_hash, users.c.state).where(
        MINE, users.c.email == bindparam("email")
    )
)
_HAS_PASSWORD = Statement(
    select(users.c.password_hash.is_not(None)).where(MINE, users.c.id == bindparam("id"))
)
_COUNT_ACTIVE = Statement(select(func.count()).where(MINE, users.c.state == UserState.ACTIVE.value))
_COUNT_ADMINS = Statement(
    select(func.count()).where(
        MINE, users.c.state == UserState.ACTIVE.value, users.c.role == UserRole.ADMIN.value
    )
)
_WRITTEN = (
    *("email", "first_name", "last_name", "middle_name", "state", "confirmed_at", "dismissed_at"),
    *("position", "extension", "details", "updated_at"),
)
_ADD = Statement(
    insert(users),
    columns=("portal_id", *_WRITTEN, "role", "locale", "password_hash", "created_at"),
)
_SAVE = Statement(
    update(users)
    .where(MINE, users.c.id == bindparam("user"))
    .values({name: bindparam(f"new_{name}") for name in _WRITTEN})
)
_SET_PASSWORD = Statement(
    update(users)
    .where(MINE, users.c.id == bindparam("user"))
    .values(password_hash=bindparam("new_password_hash"))
)
_NOTE_LOGIN = Statement(
    update(users).where(MINE, users.c.id == bindparam("user")).values(last_login_at=bindparam("at"))
)
_MY_MEMBERS = department_members.c.portal_id == bindparam("portal_id")
_JOIN_DEPARTMENT = Statement(
    insert(department_members), columns=("portal_id", "department_id", "user_id")
)
_LEAVE_DEPARTMENTS = Statement(
    delete(department_members).where(_MY_MEMBERS, department_members.c.user_id == bindparam("user"))
)
_DEPARTMENTS = Statement(
    select(department_members.c.department_id)
    .where(_MY_MEMBERS, department_members.c.user_id == bindparam("user"))
    .order_by(department_members.c.department_id)
)
# Kept in one column: they are shown with a person and seldom looked for
DETAILS = tuple(name for name in PROFILE if name not in {"position", "extension"})
_READ: Mapping[str, Callable[[str], Any]] = {
    "gender": Gender,
    "birthday": date.fromisoformat,
    "employed_on": date.fromisoformat,
}


class PeopleRepository:
    """People of one portal."""

    def __init__(self, session: ReadSession) -> None:
        self._session = session

    async def find(self, user: UserId) -> User | None:
        """Return the person as of now."""
        row = await self._session.first(_FIND, id=user)
        return None if row is None else to_domain(row)

    async def find_member(self, user_id: UserId) -> Member | None:
        """Return the person with his departments."""
        user = await self.find(user_id)
        if user is None:
            return None
        return Member(user, tuple(await self.departments_of(user_id)))

    async def find_by_email(self, email: str) -> User | None:
        """Return the person with this normalised address."""
        row = await self._session.first(_FIND_BY_EMAIL, email=email)
        return None if row is None else to_domain(row)

    async def find_password(self, email: str) -> tuple[UserId, bytes | None, UserState] | None:
        """Return id, password hash and state of the person with this address."""
        row = await self._session.first(_PASSWORD, email=email)
        return None if row is None else (UserId(row[0]), row[1], UserState(row[2]))

    async def has_password(self, user: UserId) -> bool:
        """Tell whether the person has ever chosen a password."""
        row = await self._session.first(_HAS_PASSWORD, id=user)
        return row is not None and bool(row[0])

    async def departments_of(self, user: UserId) -> list[int]:
        """Return ids of the departments where the person stands."""
        return [row[0] for row in await self._session.all(_DEPARTMENTS, user=user)]

    async def count_active(self) -> int:
        """How many people count against the plan."""
        row = await self._session.first(_COUNT_ACTIVE)
        return int(row[0]) if row else 0

    async def count_administrators(self) -> int:
        """How many people may administer the portal."""
        row = await self._session.first(_COUNT_ADMINS)
        return int(row[0]) if row else 0


class PeopleStore(PeopleRepository):
    """People of one portal, inside a transaction."""

    def __init__(self, session: WriteSession) -> None:
        super().__init__(session)
        self._writer = session

    async def find_for_update(self, user: UserId) -> User | None:
        """Return the person, locked until the transaction ends."""
        row = await self._writer.first(_FIND_FOR_UPDATE, id=user)
        return None if row is None else to_domain(row)

    async def add(self, user: User, password_hash: str | None) -> UserId:
        """Insert; raises ``EmailTakenError``. The id of ``user`` is not looked at."""
        try:
            new_id = await self._writer.insert(
                _ADD,
                role=user.role.value,
                locale=user.locale,
                password_hash=password_hash,
                created_at=user.created_at,
                **_written(user),
            )
        except DuplicateKeyError:
            raise EmailTakenError(email=user.email) from None
        return UserId(new_id)

    async def save(self, user: User) -> None:
        """Write what may change; raises ``EmailTakenError``."""
        written = {f"new_{name}": value for name, value in _written(user).items()}
        try:
            await self._writer.change(_SAVE, user=user.id, **written)
        except DuplicateKeyError:
            raise EmailTakenError(email=user.email) from None

    async def set_password(self, user: UserId, password_hash: str) -> None:
        """Replace the password."""
        await self._writer.change(_SET_PASSWORD, user=user, new_password_hash=password_hash)

    async def note_login(self, user: UserId, at: datetime) -> None:
        """Write when the person came in last."""
        await self._writer.change(_NOTE_LOGIN, user=user, at=at)

    async def join_departments(self, user: UserId, departments: Sequence[int]) -> None:
        """Put the person into departments that exist."""
        rows = [{"department_id": d, "user_id": user} for d in dict.fromkeys(departments)]
        await self._writer.insert_many(_JOIN_DEPARTMENT, rows)

    async def leave_departments(self, user: UserId) -> None:
        """Take the person out of every department."""
        await self._writer.change(_LEAVE_DEPARTMENTS, user=user)


def to_domain(row: Row) -> User:
    """Map a row of ``COLUMNS``."""
    user_id, email, first, last, role, state, locale, confirmed_at, created_at, *more = row
    dismissed_at, middle, position, extension, details, last_login_at, updated_at = more
    return User(
        UserId(user_id),
        email,
        first,
        last,
        UserRole(role),
        UserState(state),
        locale,
        confirmed_at,
        created_at,
        dismissed_at,
        middle,
        unpacked(position, extension, details),
        last_login_at,
        updated_at,
    )


def packed(profile: Profile) -> str | None:
    """Return what is kept in the column ``details``; ``None`` for nothing."""
    known = {name: getattr(profile, name) for name in DETAILS if getattr(profile, name)}
    return orjson.dumps(known).decode() if known else None


def unpacked(position: str, extension: str, details: str | None) -> Profile:
    """Return the profile of its columns; what a later version wrote besides is not looked at."""
    known: dict[str, Any] = orjson.loads(details) if details else {}
    texts = {name: known[name] for name in DETAILS if name in known}
    for name, read in _READ.items():
        if name in texts:
            texts[name] = read(texts[name])
    return Profile(position=position, extension=extension, **texts)


def _written(user: User) -> Mapping[str, Any]:
    return {
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "middle_name": user.middle_name,
        "state": user.state.value,
        "confirmed_at": user.confirmed_at,
        "dismissed_at": user.dismissed_at,
        "position": user.profile.position,
        "extension": user.profile.extension,
        "details": packed(user.profile),
        "updated_at": user.updated_at,
    }
