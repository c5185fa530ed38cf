"""People in the database."""

from collections.abc import Sequence

from sqlalchemy import Select, String, bindparam, func, insert, or_, select, update

from db.errors import DuplicateKeyError
from db.sessions import ReadSession, Row, WriteSession
from db.statements import Statement, literally
from portal.modules.company.contracts import UserId, UserRole, UserState
from portal.modules.company.domain import User
from portal.modules.company.errors import EmailTakenError
from portal.modules.company.tables import department_members, users

_COLUMNS = (
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
)
_MINE = users.c.portal_id == bindparam("portal_id")
_BY_ID = select(*_COLUMNS).where(_MINE, users.c.id == bindparam("id"))
_FIND = Statement(_BY_ID)
_FIND_FOR_UPDATE = Statement(_BY_ID.with_for_update())
_FIND_BY_EMAIL = Statement(select(*_COLUMNS).where(_MINE, users.c.email == bindparam("email")))
_PASSWORD = Statement(
    select(users.c.id, users.c.password_hash, users.c.state).where(
        _MINE, users.c.email == bindparam("email")
    )
)
_COUNT_ACTIVE = Statement(
    select(func.count()).where(_MINE, users.c.state == UserState.ACTIVE.value)
)
_COUNT_ADMINS = Statement(
    select(func.count()).where(
        _MINE, users.c.state == UserState.ACTIVE.value, users.c.role == UserRole.ADMIN.value
    )
)
_ADD = Statement(
    insert(users),
    columns=(
        *("portal_id", "email", "first_name", "last_name", "role", "state", "locale"),
        *("password_hash", "confirmed_at", "created_at"),
    ),
)
_SAVE = Statement(
    update(users)
    .where(_MINE, users.c.id == bindparam("user"))
    .values(
        {
            c: bindparam(f"new_{c}")
            for c in ("first_name", "last_name", "state", "confirmed_at", "dismissed_at")
        }
    )
)
_SET_PASSWORD = Statement(
    update(users)
    .where(_MINE, users.c.id == bindparam("user"))
    .values(password_hash=bindparam("new_password_hash"))
)
_JOIN_DEPARTMENT = Statement(
    insert(department_members), columns=("portal_id", "department_id", "user_id")
)
_DEPARTMENTS = Statement(
    select(department_members.c.department_id)
    .where(
        department_members.c.portal_id == bindparam("portal_id"),
        department_members.c.user_id == bindparam("user"),
    )
    .order_by(department_members.c.department_id)
)


def _listing(*, state: bool, search: bool) -> Statement:
    query: Select[tuple[object, ...]] = select(*_COLUMNS).where(
        _MINE, users.c.id > bindparam("after")
    )
    if state:
        query = query.where(users.c.state == bindparam("state"))
    if search:
        like = bindparam("like", type_=String)
        found = (
            users.c.first_name.like(like),
            users.c.last_name.like(like),
            users.c.email.like(like),
        )
        query = query.where(or_(*found))
    return Statement(query.order_by(users.c.id).limit(bindparam("limit")))


_LISTINGS = {(s, q): _listing(state=s, search=q) for s in (False, True) for q in (False, True)}


class PeopleRepository:
    """People of one portal."""

    def __init__(self, session: ReadSession) -> None:
        self._session = session

    async def find(self, user: UserId) -> User | None:
        """Return the person as of now."""
        row = await self._session.first(_FIND, id=user)
        return None if row is None else _to_domain(row)

    async def find_by_email(self, email: str) -> User | None:
        """Return the person with this normalised address."""
        row = await self._session.first(_FIND_BY_EMAIL, email=email)
        return None if row is None else _to_domain(row)

    async def find_password(self, email: str) -> tuple[UserId, bytes | None, UserState] | None:
        """Return id, password hash and state of the person with this address."""
        row = await self._session.first(_PASSWORD, email=email)
        return None if row is None else (UserId(row[0]), row[1], UserState(row[2]))

    async def all(
        self, *, after: int, limit: int, state: UserState | None, search: str | None
    ) -> Sequence[User]:
        """Return people by id; ``search`` is a part of name or address."""
        statement = _LISTINGS[state is not None, search is not None]
        like = None if search is None else f"%{literally(search)}%"
        values = {"after": after, "limit": limit, "state": state and state.value, "like": like}
        return [_to_domain(row) for row in await self._session.all(statement, **values)]

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
        return None if row is None else _to_domain(row)

    async def add(self, user: User, password_hash: str | None) -> UserId:
        """Insert; raises ``EmailTakenError``. The id of ``user`` is not looked at."""
        try:
            new_id = await self._writer.insert(
                _ADD,
                email=user.email,
                first_name=user.first_name,
                last_name=user.last_name,
                role=user.role.value,
                state=user.state.value,
                locale=user.locale,
                password_hash=password_hash,
                confirmed_at=user.confirmed_at,
                created_at=user.created_at,
            )
        except DuplicateKeyError:
            raise EmailTakenError(email=user.email) from None
        return UserId(new_id)

    async def save(self, user: User) -> None:
        """Write what may change."""
        await self._writer.change(
            _SAVE,
            user=user.id,
            new_first_name=user.first_name,
            new_last_name=user.last_name,
            new_state=user.state.value,
            new_confirmed_at=user.confirmed_at,
            new_dismissed_at=user.dismissed_at,
        )

    async def set_password(self, user: UserId, password_hash: str) -> None:
        """Replace the password."""
        await self._writer.change(_SET_PASSWORD, user=user, new_password_hash=password_hash)

    async def join_departments(self, user: UserId, departments: Sequence[int]) -> None:
        """Put the person into departments that exist."""
        rows = [{"department_id": d, "user_id": user} for d in departments]
        await self._writer.insert_many(_JOIN_DEPARTMENT, rows)


def _to_domain(row: Row) -> User:
    user_id, email, first, last, role, state, locale, confirmed_at, created_at, dismissed_at = row
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
    )
