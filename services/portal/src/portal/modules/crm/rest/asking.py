"""Filters and orders of the wire as conditions of the list of leads."""

from collections.abc import Mapping
from typing import Any

from kernel.conditions import Condition, Operator, Sorting
from portal.modules.crm.contracts import ListKind
from portal.modules.crm.domain.lists import PortalLists
from portal.modules.crm.rest import custom_fields
from portal.modules.crm.rest.custom_fields import CUSTOM
from portal.modules.crm.rest.showing import SEMANTICS
from portal.rest.fields import Fields
from portal.rest.filters import NOTHING, WITH_TEXTS, Conditions, Nothing, holds

BY_ID = Sorting("id")
# A list by these would be in no order that anybody could use
_WITHOUT_ORDER = frozenset({"semantics", "has_phone", "has_email"})


def conditions(
    table: Fields, lists: PortalLists, wanted: Mapping[str, Any]
) -> Conditions | Nothing:
    """Return what leads must be like; ``NOTHING`` if none can be."""
    found = table.conditions(wanted)
    if found is NOTHING:
        return NOTHING
    return tuple(_ours(condition, lists) for condition in found)


def order(table: Fields, wanted: Mapping[str, Any]) -> tuple[Sorting, ...]:
    """Return the order of a list: as asked for, equals by their ids."""
    asked = [s for s in table.order(wanted) if s.field not in _WITHOUT_ORDER]
    return (*asked, BY_ID) if all(s.field != BY_ID.field for s in asked) else tuple(asked)


def _ours(condition: Condition, lists: PortalLists) -> Condition:
    if condition.field == "semantics":
        return _by_statuses(condition, lists)
    if condition.field.startswith(CUSTOM):
        return _of_own_field(condition, lists)
    return condition


def _by_statuses(condition: Condition, lists: PortalLists) -> Condition:
    """Ask for statuses instead of what they mean; a status that is gone from the list is no final one."""
    passing = {meaning for meaning, letter in SEMANTICS.items() if holds(condition, letter)}
    mine = [entry for entry in lists.entries if entry.kind is ListKind.LEAD_STATUS]
    refused = [entry.code for entry in mine if entry.semantics not in passing]
    return Condition("status", Operator.NONE_OF, tuple(refused))


def _of_own_field(condition: Condition, lists: PortalLists) -> Condition:
    details = custom_fields.by_code(lists, [condition.field])[condition.field]
    if condition.operator in WITH_TEXTS:
        return condition
    values = (custom_fields.taken(details, value, lists.customs) for value in condition.values)
    return Condition(condition.field, condition.operator, tuple(values))
