"""``crm.lead.*``: leads themselves."""

from collections.abc import Iterable
from typing import Any

from db.sessions import ReadSession
from portal.modules.crm import wiring
from portal.modules.crm.contracts import LeadId
from portal.modules.crm.domain.custom.definitions import PREFIX
from portal.modules.crm.domain.leads import Lead
from portal.modules.crm.domain.lists import PortalLists
from portal.modules.crm.errors import LeadNotFoundError
from portal.modules.crm.rest import asking, custom_fields, enums, titles, writing
from portal.modules.crm.rest.lead_fields import TABLES
from portal.modules.crm.rest.showing import renderer
from portal.rest.fields import Field, Fields
from portal.rest.filters import NOTHING
from portal.rest.method import PAGE, Call, CallError, Listed, Method

EVERYTHING = ("*", "UF_*", "PHONE", "EMAIL", "WEB", "IM")
ALWAYS_SHOWN = "ID"
_MARKS = "!=<>@% "
_ENGLISH = TABLES["en"]


def table_of(lists: PortalLists) -> Fields:
    """Return the fields of the portal's leads, its own among them."""
    return _ENGLISH.with_more(custom_fields.rows(lists)) if lists.fields else _ENGLISH


async def describe_lead(call: Call) -> dict[str, Any]:
    """``crm.lead.fields``."""
    locale = call.context.locale
    lists = await wiring.lists_now(call.context.reader)
    return titles.of(TABLES, locale).described() | custom_fields.described(lists, locale)


async def add_lead(call: Call) -> int:
    """``crm.lead.add``."""
    given = await _given(call)
    given.setdefault("title", writing.title_for(given, enums.lead_word(call.context.locale)))
    service = await wiring.lead_service(call.context)
    return (await service.create(given)).id


async def get_lead(call: Call) -> dict[str, Any]:
    """``crm.lead.get``."""
    session = call.context.reader
    lead = await wiring.leads(session).find(LeadId(call.parameters.identifier()))
    if lead is None:
        raise _not_found()
    lists = await _lists_for(session, [lead])
    return renderer(table_of(lists).selected(EVERYTHING), lists)(lead)


async def list_leads(call: Call) -> Listed:
    """``crm.lead.list``."""
    asked, session, start = call.parameters, call.context.reader, call.parameters.start
    select, filter_, order = asked.list("select"), asked.map("filter"), asked.map("order")
    lists = await _lists_naming(session, *select, *filter_, *order)
    table = table_of(lists)
    wanted = asking.conditions(table, lists, filter_)
    if wanted is NOTHING:
        return Listed([], 0 if start.is_counted else None, start.offset)
    finder = wiring.lead_finder(session)
    found = await finder.page(wanted, asking.order(table, order), start.offset, PAGE)
    total = None
    if start.is_counted:
        is_last = len(found) < PAGE and (found or not start.offset)
        total = start.offset + len(found) if is_last else await finder.count(wanted)
    lists = await _lists_for(session, found)
    show = renderer(_shown(table_of(lists), select), lists)
    return Listed([show(lead) for lead in found], total, start.offset)


async def update_lead(call: Call) -> bool:
    """``crm.lead.update``."""
    lead_id = LeadId(call.parameters.identifier())
    given = await _given(call)
    service = await wiring.lead_service(call.context)
    try:
        await service.update(lead_id, given, _whatever_version)
    except LeadNotFoundError:
        raise _not_found() from None
    return True


async def delete_lead(call: Call) -> bool:
    """``crm.lead.delete``."""
    lead_id = LeadId(call.parameters.identifier())
    service = await wiring.lead_service(call.context)
    try:
        await service.delete(lead_id, _whatever_version)
    except LeadNotFoundError:
        raise _not_found() from None
    return True


async def _given(call: Call) -> dict[str, Any]:
    sent = call.parameters.map("fields")
    lists = await _lists_naming(call.context.writer, *sent)
    return writing.given(table_of(lists), lists, sent)


async def _lists_naming(session: ReadSession, *names: Any) -> PortalLists:
    """Return the portal's lists with every field of its own that a request names.

    They are remembered for some seconds, but whoever adds a field may use it at once, on every node.
    """
    lists = await wiring.lists_of(session)
    named = (str(name).upper().lstrip(_MARKS) for name in names)
    codes = [name.removeprefix(PREFIX) for name in named if name.startswith(PREFIX)]
    is_known = all(lists.find_field(code) for code in codes)
    return lists if is_known else await wiring.lists_now(session)


async def _lists_for(session: ReadSession, leads: Iterable[Lead]) -> PortalLists:
    """Return the portal's lists with all that these leads hold."""
    lists = await wiring.lists_of(session)
    is_older = any(custom_fields.are_older(lists, lead.details.custom) for lead in leads)
    return await wiring.lists_now(session) if is_older else lists


def _shown(table: Fields, select: list[Any]) -> tuple[Field, ...]:
    return table.selected([ALWAYS_SHOWN, *select] if select else ())


def _whatever_version(version: int) -> None:
    """Admit every change: who changes a lead here has not said which version was read."""


def _not_found() -> CallError:
    return CallError(400, "", "Not found")


_NOT_KEPT = (
    "Leads are bound to no companies and contacts yet: COMPANY_ID, CONTACT_ID, CONTACT_IDS, "
    "ADDRESS_LOC_ADDR_ID and LINK are empty and ignored, HAS_IMOL and IS_RETURN_CUSTOMER are N."
)
METHODS = (
    Method("crm.lead.fields", ("crm",), describe_lead),
    Method(
        "crm.lead.add",
        ("crm",),
        add_lead,
        writes=True,
        differs=f"{_NOT_KEPT} Without TITLE a lead is called after its person, company or number. "
        "What is too long for a field is refused, not cut. REGISTER_SONET_EVENT does nothing: there "
        "is no feed yet.",
    ),
    Method(
        "crm.lead.get",
        ("crm",),
        get_lead,
        differs=f"{_NOT_KEPT} LAST_ACTIVITY_* tell of the last change. The ID of a multifield is "
        "unique within its lead and TYPE_ID only.",
    ),
    Method(
        "crm.lead.list",
        ("crm",),
        list_leads,
        differs=f"{_NOT_KEPT} No amount is shown as 0.00, but is neither larger nor smaller than "
        "anything. ID is always shown.",
    ),
    Method("crm.lead.update", ("crm",), update_lead, writes=True, differs=_NOT_KEPT),
    Method("crm.lead.delete", ("crm",), delete_lead, writes=True),
)
