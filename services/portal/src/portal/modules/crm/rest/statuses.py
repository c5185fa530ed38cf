"""``crm.status.*``: the lists of a portal, stages and sources of leads and forms of address."""

from collections.abc import Sequence
from typing import Any

from kernel.conditions import Sorting
from portal.modules.crm import wiring
from portal.modules.crm.contracts import EntryId, ListKind, Semantics
from portal.modules.crm.domain.lists import ListEntry, PortalLists
from portal.modules.crm.errors import (
    ListEntryInUseError,
    ListEntryNotFoundError,
    ListEntryOfSystemError,
    ListEntryTakenError,
)
from portal.modules.crm.rest import short_lists, status_rows, titles
from portal.modules.crm.rest.access import require_administrator
from portal.modules.crm.rest.status_rows import ENTITIES, KINDS
from portal.rest.method import Call, CallError, Listed, Method, integer_of, is_true

LEAD_TYPE_ID = 1
"""Of leads, in ``crm.enum.ownertype``."""
_BY_PLACE = (Sorting("entity"), Sorting("position"), Sorting("id"))


async def describe_status(call: Call) -> dict[str, Any]:
    """``crm.status.fields``."""
    return titles.of(status_rows.TABLES, call.context.locale).described()


async def list_statuses(call: Call) -> Listed:
    """``crm.status.list``."""
    lists = await wiring.lists_now(call.context.reader)
    return short_lists.listed(
        status_rows.TABLE,
        lists.entries,
        call.parameters,
        value_of=status_rows.value_of,
        show=status_rows.shown_in_list,
        order=_BY_PLACE,
    )


async def get_status(call: Call) -> dict[str, Any]:
    """``crm.status.get``."""
    entry_id = _identifier(call)
    lists = await wiring.lists_now(call.context.reader)
    try:
        return status_rows.shown(lists.get_entry(entry_id))
    except ListEntryNotFoundError:
        raise _not_found() from None


async def add_status(call: Call) -> int:
    """``crm.status.add``."""
    require_administrator(call)
    new = status_rows.new_entry(call.parameters.map("fields"))
    service = await wiring.list_service(call.context)
    try:
        return (await service.add(new)).id
    except ListEntryTakenError:
        raise CallError(400, "ERROR_CORE", "The specified status ID already exists.") from None


async def update_status(call: Call) -> bool:
    """``crm.status.update``."""
    require_administrator(call)
    entry_id = _identifier(call)
    changes = status_rows.changes(call.parameters.map("fields"))
    service = await wiring.list_service(call.context)
    try:
        await service.change(entry_id, changes)
    except ListEntryNotFoundError:
        raise _not_found() from None
    return True


async def delete_status(call: Call) -> bool:
    """``crm.status.delete``."""
    require_administrator(call)
    entry_id = _identifier(call)
    is_forced = is_true(call.parameters.map("params").get("FORCED"))
    service = await wiring.list_service(call.context)
    try:
        await service.remove(entry_id)
    except ListEntryNotFoundError:
        raise _not_found() from None
    except ListEntryInUseError:
        raise CallError(400, "", "There are active items in this status.") from None
    except ListEntryOfSystemError:
        raise CallError(400, "", _STAYS if is_forced else _OF_SYSTEM) from None
    return True


async def list_items(call: Call) -> list[dict[str, Any]]:
    """``crm.status.entity.items``."""
    kind = KINDS.get((call.parameters.text("entityId") or "").strip().upper())
    if kind is None:
        raise CallError(400, "", "The parameter entityId is not defined or invalid.")
    lists = await wiring.lists_now(call.context.reader)
    return [
        {"NAME": entry.name, "SORT": entry.position, "STATUS_ID": entry.code}
        for entry in lists.entries
        if entry.kind is kind
    ]


async def list_types(call: Call) -> list[dict[str, Any]]:
    """``crm.status.entity.types``."""
    lists = await wiring.lists_now(call.context.reader)
    return [
        {
            "ID": entity,
            "NAME": titles.name_of("status_types", entity, call.context.locale),
            **(_stages(lists) if kind is ListKind.LEAD_STATUS else {}),
        }
        for kind, entity in ENTITIES.items()
    ]


def _stages(lists: PortalLists) -> dict[str, Any]:
    stages = [entry for entry in lists.entries if entry.kind is ListKind.LEAD_STATUS]
    return {
        "SEMANTIC_INFO": {
            "START_FIELD": lists.first_status,
            "FINAL_SUCCESS_FIELD": _first(stages, Semantics.SUCCESS),
            "FINAL_UNSUCCESS_FIELD": _first(stages, Semantics.FAILURE),
            "FINAL_SORT": 0,
        },
        "ENTITY_TYPE_ID": LEAD_TYPE_ID,
    }


def _first(stages: Sequence[ListEntry], semantics: Semantics) -> str:
    return next((entry.code for entry in stages if entry.semantics is semantics), "")


def _identifier(call: Call) -> EntryId:
    number = integer_of(call.parameters.get("id"))
    if number is None or number < 1:
        raise CallError(400, "", "Invalid identifier.")
    return EntryId(number)


def _not_found() -> CallError:
    return CallError(400, "", "Status is not found.")


_STAYS = "Error on deleting status."
_OF_SYSTEM = (
    'CRM System Status can be deleted only if parameter FORCED is specified and equal to "Y".'
)
_LISTS = "The lists of leads are here: STATUS, SOURCE and HONORIFIC."
METHODS = (
    Method("crm.status.fields", ("crm",), describe_status),
    Method(
        "crm.status.list",
        ("crm",),
        list_statuses,
        differs=f"{_LISTS} SORT counts from 1, not in tens, in a portal's own first lists.",
    ),
    Method("crm.status.get", ("crm",), get_status),
    Method("crm.status.add", ("crm",), add_status, writes=True, differs=_LISTS),
    Method("crm.status.update", ("crm",), update_status, writes=True),
    Method(
        "crm.status.delete",
        ("crm",),
        delete_status,
        writes=True,
        differs="Entries of the system stay, FORCED or not.",
    ),
    Method("crm.status.entity.items", ("crm",), list_items, differs=_LISTS),
    Method("crm.status.entity.types", ("crm",), list_types, differs=_LISTS),
)
