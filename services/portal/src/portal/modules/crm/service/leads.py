"""Creating, changing and deleting leads."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from kernel.facts import Fact
from portal.modules.company.contracts import UserId
from portal.modules.crm.contracts import LeadId, ListKind
from portal.modules.crm.domain.leads import Lead, LeadDetails, created
from portal.modules.crm.domain.lists import PortalLists
from portal.modules.crm.errors import (
    LeadNotFoundError,
    ResponsibleNotFoundError,
    SourceUnknownError,
    StatusUnknownError,
)
from portal.modules.crm.repository.leads import LeadStore

Given = Mapping[str, Any]
Admit = Callable[[int], None]


class LeadService:
    """Use cases of leads. ``Given`` holds the fields of ``LeadDetails`` that somebody wrote."""

    def __init__(
        self,
        *,
        leads: LeadStore,
        lists: PortalLists,
        works_here: Callable[[UserId], Awaitable[bool]],
        publish: Callable[[Fact], None],
        by: UserId,
        now: datetime,
    ) -> None:
        self._leads = leads
        self._lists = lists
        self._works_here = works_here
        self._publish = publish
        self._by = by
        self._now = now

    async def create(self, given: Given) -> Lead:
        """Create a lead; whoever does it is responsible, unless somebody else is named."""
        details = await self._checked(blank(self._lists, self._by), given)
        lead = await self._leads.add(details)
        self._publish(created(lead, details))
        return Lead(lead, 1, details, self._now, self._by, self._now)

    async def update(self, lead_id: LeadId, given: Given, admit: Admit) -> Lead:
        """Change what is given; ``admit`` raises if the version is not the one that was read."""
        old = await self._locked(lead_id, admit)
        new, fact = old.updated(await self._checked(old.details, given), self._now)
        if fact is not None:
            await self._leads.save(old, new)
            self._publish(fact)
        return new

    async def delete(self, lead_id: LeadId, admit: Admit) -> None:
        """Remove the lead; ``admit`` as above."""
        lead = await self._locked(lead_id, admit)
        await self._leads.delete(lead_id)
        self._publish(lead.deleted())

    async def _locked(self, lead_id: LeadId, admit: Admit) -> Lead:
        lead = await self._leads.find_for_update(lead_id)
        if lead is None:
            raise LeadNotFoundError(id=lead_id)
        admit(lead.version)
        return lead

    async def _checked(self, base: LeadDetails, given: Given) -> LeadDetails:
        """Return ``base`` with what is given; only what is new is checked."""
        details = replace(base, **given)
        if details.status != base.status:
            details = replace(details, status=known_status(self._lists, details.status))
        if details.source is not None and details.source != base.source:
            details = replace(details, source=known_source(self._lists, details.source))
        responsible = details.responsible_id
        if responsible != base.responsible_id and not await self._works_here(responsible):
            raise ResponsibleNotFoundError(id=responsible)
        return details


def blank(lists: PortalLists, by: UserId, source: str | None = None) -> LeadDetails:
    """Return what a lead holds before anything is written into it."""
    return LeadDetails("", lists.first_status, lists.customs.currency, by, source)


def known_status(lists: PortalLists, code: str) -> str:
    """Return the status as the list has it; raises ``StatusUnknownError``."""
    found = lists.find_code(ListKind.LEAD_STATUS, code)
    if found is None:
        raise StatusUnknownError(given=code, known=lists.codes(ListKind.LEAD_STATUS))
    return found


def known_source(lists: PortalLists, code: str) -> str:
    """Return the source as the list has it; raises ``SourceUnknownError``."""
    found = lists.find_code(ListKind.LEAD_SOURCE, code)
    if found is None:
        raise SourceUnknownError(given=code, known=lists.codes(ListKind.LEAD_SOURCE))
    return found
