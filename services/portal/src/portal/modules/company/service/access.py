"""Logging in and out, and the links that come by mail."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel import passwords
from kernel.facts import Fact
from portal.modules.company.contracts import UserId, UserState
from portal.modules.company.domain.people import User, normalised_email
from portal.modules.company.domain.sessions import (
    SESSION_LIFE,
    LoggedIn,
    LoginFailures,
    new_token,
    token_hash,
)
from portal.modules.company.errors import LinkUsedError
from portal.modules.company.repository.access import AccessStore
from portal.modules.company.repository.people import PeopleStore

CONFIRMATION, INVITATION = "confirmation", "invitation"


@dataclass(frozen=True, slots=True)
class Refused:
    """The log-in was refused; ``wait`` says for how long further tries are."""

    wait: timedelta | None = None


class AccessService:
    """Use cases of sessions and links."""

    def __init__(
        self,
        *,
        people: PeopleStore,
        access: AccessStore,
        publish: Callable[[Fact], None],
        now: datetime,
    ) -> None:
        self._people = people
        self._access = access
        self._publish = publish
        self._now = now

    async def log_in(
        self, email: str, password: str, failures: LoginFailures | None
    ) -> LoggedIn | Refused:
        """Check the password and open a session.

        A refusal is a value, not an exception: the wrong try must be written down and committed.
        """
        address = normalised_email(email)
        wait = failures.blocked_for(self._now) if failures else None
        if wait is not None:
            return Refused(wait)
        found = await self._people.find_password(address)
        known, stored, state = found or (None, None, None)
        # a stranger's address costs the same time as a wrong password, so neither can be guessed at
        right = await asyncio.to_thread(passwords.matches, stored, password)
        if not right or known is None or state is not UserState.ACTIVE:
            seen = failures or LoginFailures(0, self._now)
            await self._access.note_failure(token_hash(address), seen.and_another(self._now))
            return Refused()
        if failures is not None:
            await self._access.forget_failures(token_hash(address))
        return await self.opened(known)

    async def log_out(self, session_id: int) -> None:
        """End one session."""
        await self._access.close_session(session_id)

    async def confirm(self, token: str) -> User:
        """Note that the person reads mail at his address; raises ``LinkUsedError`` the second time."""
        user, fact = (await self.use_link(CONFIRMATION, token)).confirm(self._now)
        await self._people.save(user)
        self._publish(fact)
        return user

    async def keep_session(self, user: UserId, session_hash: bytes) -> None:
        """Open a session whose token the signup service made and shows."""
        await self._open(user, session_hash, self._now + SESSION_LIFE)

    async def opened(self, user_id: UserId) -> LoggedIn:
        """Open a session for somebody who has just proved who he is."""
        token, expires_at = new_token(), self._now + SESSION_LIFE
        await self._open(user_id, token_hash(token), expires_at)
        user = await self._people.find(user_id)
        assert user is not None  # noqa: S101  # it was just found in this transaction
        return LoggedIn(user, token, expires_at)

    async def use_link(self, purpose: str, token: str) -> User:
        """Use up a link; of two clicks at once the second finds it used."""
        link = await self._access.find_link_for_update(purpose, token_hash(token))
        if link is None or link.used_at is not None or link.expires_at < self._now:
            raise LinkUsedError
        user = await self._people.find_for_update(link.user_id)
        if user is None or user.state is UserState.DISMISSED:
            raise LinkUsedError
        await self._access.use_link(link.id)
        return user

    async def _open(self, user: UserId, hashed: bytes, expires_at: datetime) -> None:
        # the person first, as whoever dismisses him does: two who wait for each other would both wait long
        await self._people.note_login(user, self._now)
        await self._access.open_session(user, hashed, expires_at)
