"""Creating, changing and deleting leads."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from kernel.errors import InvalidError
from kernel.facts import Fact
from portal.modules.company.contracts import UserId
from portal.modules.crm.contracts import LeadId, ListKind
from portal.modules.crm.domain.checks import require_sound
from portal.modules.crm.domain.custom import cards
from portal.modules.crm.domain.leads import (
    AMOUNT_PLACES,
    Change,
    Given,
    Lead,
    LeadDetails,
    created,
)
from portal.modules.crm.domain.lists import PortalLists
from portal.modules.crm.errors import (
    HonorificUnknownError,
    LeadNotFoundError,
    ResponsibleNotFoundError,
    SourceUnknownError,
    StatusUnknownError,
)
from portal.modules.crm.repository.leads import LeadStore

Admit = Callable[[int], None]

_CENT = Decimal(1).scaleb(-AMOUNT_PLACES)
_CHOICES: Mapping[str, ListKind] = {
    "status": ListKind.LEAD_STATUS,
    "source": ListKind.LEAD_SOURCE,
    "honorific": ListKind.HONORIFIC,
}
_UNKNOWN: Mapping[ListKind, type[InvalidError]] = {
    ListKind.LEAD_STATUS: StatusUnknownError,
    ListKind.LEAD_SOURCE: SourceUnknownError,
    ListKind.HONORIFIC: HonorificUnknownError,
}


class LeadService:
    """Use cases of leads, whoever asks: all rules are here or below."""

    def __init__(
        self,
        *,
        leads: LeadStore,
        lists: PortalLists,
        lists_now: Callable[[], Awaitable[PortalLists]],
        works_here: Callable[[UserId], Awaitable[bool]],
        publish: Callable[[Fact], None],
        by: UserId,
        now: datetime,
    ) -> None:
        """``lists`` may be some seconds old; ``lists_now`` are asked for before anything is refused."""
        self._leads = leads
        self._lists = lists
        self._lists_now = lists_now
        self._works_here = works_here
        self._publish = publish
        self._change = Change(now, by)
        self._by = by

    async def create(self, given: Given) -> Lead:
        """Create a lead; whoever does it is responsible, unless somebody else is named."""
        base = blank(self._lists, self._by)
        base = replace(base, custom=cards.defaults(self._lists, self._change.at))
        details = await self._checked(base, given, is_new=True)
        lead = await self._leads.add(details)
        self._publish(created(lead.id, details))
        return lead

    async def update(self, lead_id: LeadId, given: Given, admit: Admit) -> Lead:
        """Change what is given; ``admit`` raises if the version is not the one that was read."""
        old = await self._locked(lead_id, admit)
        details = await self._checked(old.details, given)
        is_final = self._lists.semantics_of(details.status).is_final
        new, fact = old.updated(details, self._change, is_final=is_final)
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

    async def _checked(
        self, base: LeadDetails, given: Given, *, is_new: bool = False
    ) -> LeadDetails:
        """Return ``base`` with what is given; only what is new is checked."""
        try:
            details = written(self._lists, base, given, is_new=is_new)
        except InvalidError:
            self._lists = await self._lists_now()
            details = written(self._lists, base, given, is_new=is_new)
        responsible = details.responsible_id
        if responsible != base.responsible_id and not await self._works_here(responsible):
            raise ResponsibleNotFoundError(id=responsible)
        return details


def written(lists: PortalLists, base: LeadDetails, given: Given, *, is_new: bool) -> LeadDetails:
    """Return ``base`` with what is given; raises an ``InvalidError`` that says what is wrong."""
    custom = given.get("custom", {})
    if custom:
        given = {**given, "custom": cards.taken(lists, custom)}
    details = base.with_given(given)
    require_sound(base, details)
    cards.require_mandatory(lists, details.custom, None if is_new else custom)
    chosen: dict[str, Any] = {
        name: known(lists, kind, getattr(details, name))
        for name, kind in _CHOICES.items()
        if getattr(details, name) not in {None, getattr(base, name)}
    }
    if details.amount is not None:
        chosen["amount"] = details.amount.quantize(_CENT)
    return replace(details, **chosen) if chosen else details


def blank(lists: PortalLists, by: UserId, source: str | None = None) -> LeadDetails:
    """Return what a lead holds before anything is written into it."""
    return LeadDetails("", lists.first_status, lists.customs.currency, by, source)


def known(lists: PortalLists, kind: ListKind, code: str) -> str:
    """Return the code as the list has it, given it or a name; raises the error of the list."""
    found = lists.find_code(kind, code)
    if found is None:
        raise _UNKNOWN[kind](given=code, known=lists.codes(kind))
    return found
