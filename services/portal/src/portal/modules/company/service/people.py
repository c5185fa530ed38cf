"""Inviting, adding, dismissing and restoring people."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from kernel import passwords
from kernel.facts import Fact
from portal.modules.company.contracts import Company, UserId, UserRole, UserState
from portal.modules.company.domain import structure
from portal.modules.company.domain.people import ENTITY, User, normalised_email
from portal.modules.company.domain.sessions import (
    CONFIRMATION_LIFE,
    INVITATION_LIFE,
    LoggedIn,
    new_token,
    require_good_password,
    token_hash,
)
from portal.modules.company.errors import (
    EmailTakenError,
    LastAdministratorError,
    NotInvitedError,
    UserNotFoundError,
)
from portal.modules.company.repository.access import AccessStore
from portal.modules.company.repository.company import CompanyStore
from portal.modules.company.repository.departments import DepartmentStore
from portal.modules.company.repository.people import PeopleStore
from portal.modules.company.service.access import CONFIRMATION, INVITATION, AccessService
from portal.modules.company.service.mailer import Mailer


@dataclass(frozen=True, slots=True)
class NewUser:
    """What is asked of somebody who is added by hand."""

    email: str
    first_name: str
    last_name: str
    password: str
    role: UserRole
    department_ids: Sequence[int]


class PeopleService:
    """Use cases of people."""

    def __init__(
        self,
        *,
        people: PeopleStore,
        access: AccessStore,
        company: CompanyStore,
        departments: DepartmentStore,
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
        self._departments = departments
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
        await self._departments.require(departments)
        await self._require_seat()
        inviter, company = await self._get(by), await self._get_company()
        addresses = dict.fromkeys(normalised_email(e) for e in emails)
        return [await self._invited(a, inviter, company, departments) for a in addresses]

    async def invite_new(
        self, email: str, by: UserId, departments: Sequence[int], known: Mapping[str, Any]
    ) -> User:
        """Invite somebody of whom this much is known already; raises ``EmailTakenError``."""
        address = normalised_email(email)
        if await self._people.find_by_email(address) is not None:
            raise EmailTakenError(email=address)
        (invited,) = await self.invite([address], by, departments)
        user, _ = invited.updated(known, self._now)
        await self._people.save(user)
        return user

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
        await self._departments.require(new.department_ids)
        await self._require_seat()
        user = _blank(email, locale, self._now, UserState.ACTIVE)
        user = replace(user, first_name=new.first_name, last_name=new.last_name, role=new.role)
        password_hash = await asyncio.to_thread(passwords.hashed, new.password)
        return await self._added(user, password_hash, new.department_ids)

    async def dismiss(self, user_id: UserId, by: UserId) -> User:
        """Dismiss: he can no longer log in; his sessions end; what he made stays with his name."""
        user = await self._people.find_for_update(user_id)
        if user is None:
            raise UserNotFoundError(id=user_id)
        dismissed, fact = user.dismiss(by, self._now)
        if user.role is UserRole.ADMIN and user.state is UserState.ACTIVE:
            await self._lock_room()
            if await self._people.count_administrators() == 1:
                raise LastAdministratorError(id=user_id)
        await self._people.save(dismissed)
        await self._access.close_all_sessions(user_id)
        self._publish(fact)
        return dismissed

    async def restore(self, user_id: UserId, by: UserId) -> User:
        """Take somebody back, with his rights; he counts against the plan again."""
        user = await self._people.find_for_update(user_id)
        if user is None:
            raise UserNotFoundError(id=user_id)
        has_password = await self._people.has_password(user_id)
        restored, fact = user.restore(by, self._now, has_password=has_password)
        await self._require_seat()
        await self._people.save(restored)
        self._publish(fact)
        return restored

    async def welcome(self, user: User, by: UserId) -> None:
        """Write to somebody's new address; links that went to the old one stop working."""
        company = await self._get_company()
        if user.state is UserState.INVITED:
            await self._send_invitation(user, company, await self._get(by))
        elif user.state is UserState.ACTIVE:
            await self._send_confirmation(user, company)

    async def found(
        self, company: Company, admin: User, password_hash: str, session_hash: bytes
    ) -> User:
        """Make the portal's company, its first administrator, his session and his confirmation mail."""
        await self._company.add(company)
        root = await self._departments.add(company.name, None)
        self._publish(Fact(structure.ENTITY, root.id, "created", {"name": root.name}))
        user = await self._added(admin, password_hash, ())
        await self._links.keep_session(user.id, session_hash)
        await self._send_confirmation(user, company)
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
            await self._send_invitation(user, company, inviter)
        return user

    async def _send_invitation(self, user: User, company: Company, inviter: User) -> None:
        token, expires_at = new_token(), self._now + INVITATION_LIFE
        await self._access.add_link(user.id, INVITATION, token_hash(token), expires_at)
        await self._mailer.invitation(user, company, inviter, token, expires_at)

    async def _send_confirmation(self, user: User, company: Company) -> None:
        token, expires_at = new_token(), self._now + CONFIRMATION_LIFE
        await self._access.add_link(user.id, CONFIRMATION, token_hash(token), expires_at)
        await self._mailer.confirmation(user, company.name, token)

    async def _added(
        self, user: User, password_hash: str | None, departments: Sequence[int]
    ) -> User:
        user = replace(user, id=await self._people.add(user, password_hash))
        await self._people.join_departments(user.id, departments)
        self._publish(Fact(ENTITY, user.id, "created", {"state": user.state.value}))
        return user

    async def _require_seat(self) -> None:
        """One more may become active. The lock makes those who count at once count one by one."""
        await self._lock_room()
        await self._require_room(await self._people.count_active())

    async def _get(self, user_id: UserId) -> User:
        user = await self._people.find(user_id)
        if user is None:
            raise UserNotFoundError(id=user_id)
        return user

    async def _get_company(self) -> Company:
        company = await self._company.find()
        assert company is not None  # noqa: S101  # a portal without its company has no users
        return company


def _blank(email: str, locale: str, now: datetime, state: UserState) -> User:
    return User(UserId(0), email, "", "", UserRole.EMPLOYEE, state, locale, None, now)
