"""Inviting, adding and dismissing people."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from kernel import passwords
from kernel.facts import Fact
from portal.modules.company.contracts import Company, UserId, UserRole, UserState
from portal.modules.company.domain import (
    CONFIRMATION_LIFE,
    INVITATION_LIFE,
    LoggedIn,
    User,
    new_token,
    normalised_email,
    require_good_password,
    token_hash,
)
from portal.modules.company.errors import (
    DepartmentNotFoundError,
    LastAdministratorError,
    NotInvitedError,
    UserNotFoundError,
)
from portal.modules.company.repository.access import AccessStore
from portal.modules.company.repository.company import CompanyStore
from portal.modules.company.repository.people import PeopleStore
from portal.modules.company.service.access import CONFIRMATION, INVITATION, AccessService


@dataclass(frozen=True, slots=True)
class NewUser:
    """What is asked of somebody who is added by hand."""

    email: str
    first_name: str
    last_name: str
    password: str
    role: UserRole
    department_ids: Sequence[int]


class Mailer:
    """Queues the mails of this module, in the transaction that causes them."""

    def __init__(
        self, *, enqueue: Callable[[str, str, str, dict[str, str]], Awaitable[None]], url: str
    ) -> None:
        self._enqueue = enqueue
        self._url = url

    async def confirmation(self, user: User, company: str, token: str) -> None:
        """Ask somebody to confirm his address."""
        values = {"company": company, "first_name": user.first_name}
        values["link"] = f"{self._url}/api/v1/confirmations/{token}"
        await self._enqueue("confirmation", user.email, user.locale, values)

    async def invitation(
        self, user: User, company: Company, inviter: User, token: str, expires_at: datetime
    ) -> None:
        """Invite somebody into the company."""
        values = {"company": company.name, "inviter": inviter.full_name}
        values["expires_at"] = expires_at.isoformat()
        values["link"] = f"{self._url}/invitation#{token}"
        await self._enqueue("invitation", user.email, user.locale, values)


class PeopleService:
    """Use cases of people."""

    def __init__(
        self,
        *,
        people: PeopleStore,
        access: AccessStore,
        company: CompanyStore,
        links: AccessService,
        mailer: Mailer,
        require_room: Callable[[int], Awaitable[None]],
        lock_room: Callable[[], Awaitable[None]],
        publish: Callable[[Fact], None],
        now: datetime,
    ) -> None:
        self._people = people
        self._access = access
        self._company = company
        self._links = links
        self._mailer = mailer
        self._require_room = require_room
        self._lock_room = lock_room
        self._publish = publish
        self._now = now

    async def invite(
        self, emails: Sequence[str], by: UserId, departments: Sequence[int]
    ) -> list[User]:
        """Invite each address once; one that was invited before gets a fresh mail, no second account."""
        await self._require_departments(departments)
        await self._require_seat()
        inviter = await self._get(by)
        company = await self._company.find()
        assert company is not None  # noqa: S101  # a portal without its company has no users
        addresses = dict.fromkeys(normalised_email(e) for e in emails)
        return [await self._invited(a, inviter, company, departments) for a in addresses]

    async def invite_again(self, user_id: UserId, by: UserId) -> User:
        """Send the invitation anew; the earlier link stops working."""
        user = await self._get(user_id)
        if user.state is not UserState.INVITED:
            raise NotInvitedError(id=user_id)
        return (await self.invite([user.email], by, ()))[0]

    async def accept(self, token: str, password: str, first_name: str, last_name: str) -> LoggedIn:
        """Take up an invitation: choose a password and be logged in."""
        invited = await self._links.use_link(INVITATION, token)
        require_good_password(password, invited.email)
        await self._require_seat()
        user, fact = invited.accept(first_name, last_name, self._now)
        await self._people.save(user)
        await self._people.set_password(
            user.id, await asyncio.to_thread(passwords.hashed, password)
        )
        self._publish(fact)
        return await self._links.opened(user.id)

    async def add(self, new: NewUser, locale: str) -> User:
        """Create somebody who can log in at once and stands in the departments."""
        email = normalised_email(new.email)
        require_good_password(new.password, email)
        await self._require_departments(new.department_ids)
        await self._require_seat()
        user = _blank(email, locale, self._now, UserState.ACTIVE)
        user = replace(user, first_name=new.first_name, last_name=new.last_name, role=new.role)
        password_hash = await asyncio.to_thread(passwords.hashed, new.password)
        return await self._added(user, password_hash, new.department_ids)

    async def dismiss(self, user_id: UserId) -> User:
        """Dismiss: he can no longer log in; his sessions end; what he made stays with his name."""
        user = await self._people.find_for_update(user_id)
        if user is None:
            raise UserNotFoundError(id=user_id)
        if user.role is UserRole.ADMIN and user.state is UserState.ACTIVE:
            await self._lock_room()
            if await self._people.count_administrators() == 1:
                raise LastAdministratorError(id=user_id)
        dismissed, fact = user.dismiss(self._now)
        await self._people.save(dismissed)
        await self._access.close_all_sessions(user_id)
        self._publish(fact)
        return dismissed

    async def found(
        self, company: Company, admin: User, password_hash: str, session_hash: bytes
    ) -> User:
        """Make the portal's company, its first administrator, his session and his confirmation mail."""
        await self._company.add(company)
        await self._company.make(company.name, None)
        user = await self._added(admin, password_hash, ())
        await self._links.keep_session(user.id, session_hash)
        token = new_token()
        await self._access.add_link(
            user.id, CONFIRMATION, token_hash(token), self._now + CONFIRMATION_LIFE
        )
        await self._mailer.confirmation(user, company.name, token)
        return user

    async def _invited(
        self, email: str, inviter: User, company: Company, departments: Sequence[int]
    ) -> User:
        user = await self._people.find_by_email(email)
        if user is None:
            user = await self._added(
                _blank(email, company.locale, self._now, UserState.INVITED), None, departments
            )
        if user.state is UserState.INVITED:
            token, expires_at = new_token(), self._now + INVITATION_LIFE
            await self._access.add_link(user.id, INVITATION, token_hash(token), expires_at)
            await self._mailer.invitation(user, company, inviter, token, expires_at)
        return user

    async def _added(
        self, user: User, password_hash: str | None, departments: Sequence[int]
    ) -> User:
        user = replace(user, id=await self._people.add(user, password_hash))
        await self._people.join_departments(user.id, departments)
        self._publish(Fact("user", user.id, "created", {"state": user.state.value}))
        return user

    async def _require_seat(self) -> None:
        """One more may become active. The lock makes those who count at once count one by one."""
        await self._lock_room()
        await self._require_room(await self._people.count_active())

    async def _require_departments(self, departments: Sequence[int]) -> None:
        missing = await self._company.missing_departments(departments)
        if missing:
            raise DepartmentNotFoundError(ids=missing)

    async def _get(self, user_id: UserId) -> User:
        user = await self._people.find(user_id)
        if user is None:
            raise UserNotFoundError(id=user_id)
        return user


def _blank(email: str, locale: str, now: datetime, state: UserState) -> User:
    return User(UserId(0), email, "", "", UserRole.EMPLOYEE, state, locale, None, now)
