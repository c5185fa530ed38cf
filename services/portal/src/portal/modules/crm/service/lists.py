"""Changing the lists of a portal: its statuses, its sources, how people are addressed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from kernel.facts import Fact
from portal.modules.crm.contracts import EntryId
from portal.modules.crm.domain.lists import ListEntry, NewEntry, PortalLists
from portal.modules.crm.errors import ListEntryInUseError, ListEntryOfSystemError
from portal.modules.crm.repository.lists import ListStore

ENTITY = "crm_list_entry"


class ListService:
    """Use cases of lists; who may do it was asked before."""

    def __init__(
        self, *, entries: ListStore, lists: PortalLists, publish: Callable[[Fact], None]
    ) -> None:
        """``lists`` are the lists as the transaction sees them."""
        self._entries = entries
        self.lists = lists
        self._publish = publish

    async def add(self, new: NewEntry) -> ListEntry:
        """Add an entry; raises ``ListEntryTakenError`` and what ``PortalLists.with_entry`` does."""
        entry = self.lists.with_entry(new)
        await self._entries.add(entry)
        self._tell(entry, "created", {"name": entry.name})
        return entry

    async def change(self, entry_id: EntryId, given: Mapping[str, Any]) -> ListEntry:
        """Change ``name``, ``position`` or ``colour``; an empty name becomes the one it had at first."""
        old = self.lists.get_entry(entry_id)
        new = replace(old, **given)
        if not new.name:
            new = replace(new, name=new.default_name)
        if new != old:
            await self._entries.save(new)
            changes = {n: {"old": getattr(old, n), "new": getattr(new, n)} for n in given}
            self._tell(new, "updated", {"changes": changes})
        return new

    async def remove(self, entry_id: EntryId) -> None:
        """Remove an entry that no lead holds.

        Raises ``ListEntryOfSystemError``, ``ListEntryInUseError``. A lead that is written just now may hold
        it nevertheless: it then has a code without an entry.
        """
        entry = self.lists.get_entry(entry_id)
        if entry.is_system:
            raise ListEntryOfSystemError(given=entry.name)
        if await self._entries.is_used(entry):
            raise ListEntryInUseError(given=entry.name)
        await self._entries.remove(entry)
        self._tell(entry, "deleted", {"name": entry.name})

    def _tell(self, entry: ListEntry, verb: str, payload: Mapping[str, Any]) -> None:
        told = {"kind": entry.kind.value, "code": entry.code, **payload}
        self._publish(Fact(ENTITY, entry.id, verb, told))
