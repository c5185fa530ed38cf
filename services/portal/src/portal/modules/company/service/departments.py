"""Making, changing and dissolving departments."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from kernel.facts import Fact
from portal.modules.company.contracts import Department, DepartmentId, UserId
from portal.modules.company.domain.profiles import changes
from portal.modules.company.domain.structure import (
    CHANGEABLE,
    DEFAULT_POSITION,
    ENTITY,
    moved,
    root,
)
from portal.modules.company.errors import (
    DepartmentNotFoundError,
    HeadNotFoundError,
    NoSuchDepartmentError,
    RootDepartmentError,
)
from portal.modules.company.repository.departments import DepartmentStore


class DepartmentService:
    """Use cases of departments."""

    def __init__(
        self,
        *,
        departments: DepartmentStore,
        works_here: Callable[[UserId], Awaitable[bool]],
        publish: Callable[[Fact], None],
    ) -> None:
        self._departments = departments
        self._works_here = works_here
        self._publish = publish

    async def make(
        self,
        name: str,
        parent: DepartmentId | None,
        position: int = DEFAULT_POSITION,
        head: UserId | None = None,
    ) -> Department:
        """Make a department under a parent that exists; without one it is the company itself."""
        await self._departments.require([] if parent is None else [parent])
        await self._require_head(head)
        made = await self._departments.add(name, parent, position, head)
        self._publish(Fact(ENTITY, made.id, "created", {"name": name}))
        return made

    async def update(self, department_id: DepartmentId, given: Mapping[str, Any]) -> Department:
        """Change what is given of ``CHANGEABLE``; whoever stands in it stays there."""
        await self._departments.lock()
        departments = await self._departments.tree()
        old = departments.get(department_id)
        if old is None:
            raise NoSuchDepartmentError(id=department_id)
        new = old
        if "parent_id" in given:
            parent = given["parent_id"]
            if parent is not None and parent not in departments:
                raise DepartmentNotFoundError(ids=[parent])
            new = moved(departments, department_id, parent)
        new = replace(new, **{n: given[n] for n in CHANGEABLE if n in given and n != "parent_id"})
        if new.head_id != old.head_id:
            await self._require_head(new.head_id)
        changed = changes(old, new, CHANGEABLE)
        if changed:
            await self._departments.save(new)
            self._publish(Fact(ENTITY, new.id, "updated", {"changes": changed}))
        return new

    async def dissolve(self, department_id: DepartmentId) -> None:
        """Remove a department; its people and what stands under it come to the one above."""
        await self._departments.lock()
        departments = await self._departments.tree()
        department = departments.get(department_id)
        if department is None:
            raise NoSuchDepartmentError(id=department_id)
        if department_id == root(departments):
            raise RootDepartmentError(id=department_id)
        into = department.parent_id or root(departments)
        await self._departments.dissolve(department_id, into)
        self._publish(Fact(ENTITY, department_id, "deleted", {"name": department.name}))

    async def _require_head(self, head: UserId | None) -> None:
        if head is not None and not await self._works_here(head):
            raise HeadNotFoundError(id=head)
