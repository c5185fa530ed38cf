"""Changing what is known of a person."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from kernel.facts import Fact
from portal.modules.company.contracts import UserId
from portal.modules.company.domain.people import ENTITY, Editor, Member, User
from portal.modules.company.errors import UserNotFoundError
from portal.modules.company.repository.departments import DepartmentStore
from portal.modules.company.repository.people import PeopleStore

Given = Mapping[str, Any]


class ProfileService:
    """Use cases of profiles. ``Given`` holds ``NAMES``, ``PROFILE`` and ``department_ids``, as written."""

    def __init__(
        self,
        *,
        people: PeopleStore,
        departments: DepartmentStore,
        welcome: Callable[[User], Awaitable[None]],
        by: Editor,
        publish: Callable[[Fact], None],
        now: datetime,
    ) -> None:
        """``welcome`` sends a mail to somebody's new address."""
        self._people = people
        self._departments = departments
        self._welcome = welcome
        self._by = by
        self._publish = publish
        self._now = now

    async def update(self, user_id: UserId, given: Given) -> Member:
        """Change what is given; raises ``EmailTakenError`` and what ``Editor`` raises."""
        old = await self._people.find_for_update(user_id)
        if old is None:
            raise UserNotFoundError(id=user_id)
        self._by.require_may_change(user_id, given.keys())
        new, changes = old.updated(given, self._now)
        if changes:
            await self._people.save(new)
        if new.email != old.email:
            await self._welcome(new)
        standing = await self._people.departments_of(user_id)
        wanted = sorted(set(given.get("department_ids", standing)))
        if wanted != standing:
            await self._move(user_id, wanted)
            changes = {**changes, "department_ids": {"old": standing, "new": wanted}}
        if changes:
            self._publish(Fact(ENTITY, user_id, "updated", {"changes": changes}))
        return Member(new, tuple(wanted))

    async def _move(self, user_id: UserId, departments: Sequence[int]) -> None:
        await self._departments.require(departments)
        await self._people.leave_departments(user_id)
        await self._people.join_departments(user_id, departments)
