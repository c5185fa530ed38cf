"""Sessions, links sent by mail and wrong passwords in the database."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, bindparam, delete, insert, select, update
from sqlalchemy.dialects.mysql import insert as upsert

from db.sessions import ReadSession, WriteSession
from db.statements import Statement
from portal.modules.company.contracts import UserId, UserRole, UserState
from portal.modules.company.domain.sessions import LoginFailures
from portal.modules.company.tables import login_failures, mail_links, sessions, users

_MY_SESSIONS = sessions.c.portal_id == bindparam("portal_id")
_MY_LINKS = mail_links.c.portal_id == bindparam("portal_id")
_MY_FAILURES = and_(
    login_failures.c.portal_id == bindparam("portal_id"),
    login_failures.c.email_hash == bindparam("email"),
)

_IDENTIFY = Statement(
    select(sessions.c.id, sessions.c.expires_at, users.c.id, users.c.role, users.c.locale)
    .join(
        users,
        and_(users.c.portal_id == bindparam("portal_id"), users.c.id == sessions.c.user_id),
    )
    .where(
        _MY_SESSIONS,
        sessions.c.token_hash == bindparam("token"),
        users.c.state == UserState.ACTIVE.value,
    )
)
_OPEN = Statement(
    insert(sessions), columns=("portal_id", "token_hash", "user_id", "created_at", "expires_at")
)
_CLOSE = Statement(delete(sessions).where(_MY_SESSIONS, sessions.c.id == bindparam("session")))
_CLOSE_ALL = Statement(
    delete(sessions).where(_MY_SESSIONS, sessions.c.user_id == bindparam("user"))
)

_SEND_LINK = Statement(
    insert(mail_links), columns=("portal_id", "token_hash", "user_id", "purpose", "expires_at")
)
_FIND_LINK = Statement(
    select(mail_links.c.id, mail_links.c.user_id, mail_links.c.expires_at, mail_links.c.used_at)
    .where(
        _MY_LINKS,
        mail_links.c.token_hash == bindparam("token"),
        mail_links.c.purpose == bindparam("purpose"),
    )
    .with_for_update()
)
_USE_LINK = Statement(
    update(mail_links)
    .where(_MY_LINKS, mail_links.c.id == bindparam("link"))
    .values(used_at=bindparam("at"))
)
_REPLACE_LINKS = Statement(
    update(mail_links)
    .where(
        _MY_LINKS,
        mail_links.c.user_id == bindparam("user"),
        mail_links.c.purpose == bindparam("purpose"),
        mail_links.c.used_at.is_(None),
    )
    .values(used_at=bindparam("at"))
)

_FAILURES = Statement(select(login_failures.c.count, login_failures.c.since).where(_MY_FAILURES))
_NOTE_FAILURE = Statement(
    upsert(login_failures).on_duplicate_key_update(
        count=bindparam("new_count"), since=bindparam("new_since")
    ),
    columns=("portal_id", "email_hash", "count", "since"),
)
_FORGET_FAILURES = Statement(delete(login_failures).where(_MY_FAILURES))


@dataclass(frozen=True, slots=True)
class FoundSession:
    """A session whose user is active."""

    id: int
    expires_at: datetime
    user_id: UserId
    role: UserRole
    locale: str


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A link that was sent by mail."""

    id: int
    user_id: UserId
    expires_at: datetime
    used_at: datetime | None


async def find_session(session: ReadSession, token_hash: bytes) -> FoundSession | None:
    """Return the session of the token, unless its user is not active."""
    row = await session.first(_IDENTIFY, token=token_hash)
    if row is None:
        return None
    session_id, expires_at, user, role, locale = row
    return FoundSession(session_id, expires_at, UserId(user), UserRole(role), locale)


async def find_failures(session: ReadSession, email_hash: bytes) -> LoginFailures | None:
    """Return the wrong passwords noted for the address."""
    row = await session.first(_FAILURES, email=email_hash)
    return None if row is None else LoginFailures(row[0], row[1])


class AccessStore:
    """Sessions, links and wrong passwords of one portal, inside a transaction."""

    def __init__(self, session: WriteSession) -> None:
        self._session = session

    async def open_session(self, user: UserId, token_hash: bytes, expires_at: datetime) -> int:
        """Insert a session; return its id."""
        now = self._session.now
        return await self._session.insert(
            _OPEN, token_hash=token_hash, user_id=user, created_at=now, expires_at=expires_at
        )

    async def close_session(self, session_id: int) -> None:
        """Log out."""
        await self._session.change(_CLOSE, session=session_id)

    async def close_all_sessions(self, user: UserId) -> None:
        """Log out everywhere."""
        await self._session.change(_CLOSE_ALL, user=user)

    async def add_link(
        self, user: UserId, purpose: str, token_hash: bytes, expires_at: datetime
    ) -> None:
        """Note a new link; earlier unused ones of the same purpose stop working."""
        await self._session.change(_REPLACE_LINKS, user=user, purpose=purpose, at=self._session.now)
        await self._session.insert(
            _SEND_LINK, token_hash=token_hash, user_id=user, purpose=purpose, expires_at=expires_at
        )

    async def find_link_for_update(self, purpose: str, token_hash: bytes) -> FoundLink | None:
        """Return the link, locked: of two clicks at once the second waits and finds it used."""
        row = await self._session.first(_FIND_LINK, purpose=purpose, token=token_hash)
        return None if row is None else FoundLink(row[0], UserId(row[1]), row[2], row[3])

    async def use_link(self, link_id: int) -> None:
        """Mark the link as used."""
        await self._session.change(_USE_LINK, link=link_id, at=self._session.now)

    async def note_failure(self, email_hash: bytes, failures: LoginFailures) -> None:
        """Write how many wrong passwords there are now."""
        await self._session.insert(
            _NOTE_FAILURE,
            email_hash=email_hash,
            count=failures.count,
            since=failures.since,
            new_count=failures.count,
            new_since=failures.since,
        )

    async def forget_failures(self, email_hash: bytes) -> None:
        """The right password was given."""
        await self._session.change(_FORGET_FAILURES, email=email_hash)
