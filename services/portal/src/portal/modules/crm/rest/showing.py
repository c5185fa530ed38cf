"""Leads as they go over the wire.

What an answer shows is settled once, as a list of getters and conversions; then each lead of a page takes
some microseconds.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any

from portal.modules.crm.contracts import Semantics
from portal.modules.crm.domain.communications import Entry
from portal.modules.crm.domain.leads import Lead
from portal.modules.crm.domain.lists import PortalLists
from portal.modules.crm.rest import custom_fields
from portal.modules.crm.rest.custom_fields import CUSTOM, Convert
from portal.rest import kinds, multifields
from portal.rest.fields import Field, Kind

SEMANTICS: Mapping[Semantics, str] = {
    Semantics.PROCESS: "P",
    Semantics.SUCCESS: "S",
    Semantics.FAILURE: "F",
}
Show = Callable[[Lead], dict[str, Any]]

_OF_LEAD = frozenset(field.name for field in fields(Lead))
# What is shown of a lead without being one of its fields
_DERIVED = {
    "has_phone": "details.phones",
    "has_email": "details.emails",
    "semantics": "details.status",
}


def renderer(selected: Sequence[Field], lists: PortalLists) -> Show:
    """Return what makes the answer of a lead; multifields without a value are left out."""
    groups: dict[Callable[..., Show], list[Field]] = {_plain: [], _own: [], _several: []}
    for field in selected:
        groups[_group(field)].append(field)
    first, *others = (make(fields, lists) for make, fields in groups.items() if fields)

    def show(lead: Lead) -> dict[str, Any]:
        shown = first(lead)
        for show_more in others:
            shown |= show_more(lead)
        return shown

    return show if others else first


def _group(field: Field) -> Callable[[Sequence[Field], PortalLists], Show]:
    if field.is_dynamic:
        return _own
    return _several if field.kind is Kind.CRM_MULTIFIELD else _plain


def _plain(selected: Sequence[Field], lists: PortalLists) -> Show:
    """Most fields of most leads are empty: these are copied all at once, and only the others converted."""
    empty = {field.name: _empty(field) for field in selected}
    kept = [field for field in selected if field.ours]
    names = tuple(field.name for field in kept)
    converters = tuple(_converter(field, lists) for field in kept)
    # one more than is shown, since of a single name attrgetter makes no tuple
    values_of = attrgetter(*(_place(field.ours) for field in kept), "id")

    def show(lead: Lead) -> dict[str, Any]:
        shown = empty.copy()
        for name, convert, value in zip(names, converters, values_of(lead), strict=False):
            if value:
                shown[name] = convert(value) if convert else value
        return shown

    return show if kept else lambda _: empty.copy()


def _several(selected: Sequence[Field], lists: PortalLists) -> Show:
    getters = [(f.name, attrgetter(_place(f.ours))) for f in selected if f.ours]

    def show(lead: Lead) -> dict[str, Any]:
        found = ((name, entries_of(lead)) for name, entries_of in getters)
        return {name: _entries(name, entries) for name, entries in found if entries}

    return show


def _own(selected: Sequence[Field], lists: PortalLists) -> Show:
    shown = {field.ours: field.name for field in selected}
    rows = tuple(
        (shown[CUSTOM + field.details.code], field.id, custom_fields.renderer(field.details))
        for field in lists.fields
        if CUSTOM + field.details.code in shown
    )

    def show(lead: Lead) -> dict[str, Any]:
        custom = lead.details.custom
        return {name: convert(custom.get(field)) for name, field, convert in rows}

    return show


def _place(ours: str) -> str:
    """Return where in a lead a field stands."""
    place = _DERIVED.get(ours, ours)
    return place if place.partition(".")[0] in _OF_LEAD else f"details.{place}"


def _empty(field: Field) -> Any:
    """Return what is shown of a field where a lead has nothing, no or zero."""
    if not field.ours:
        return field.constant
    return "N" if field.kind is Kind.CHAR else field.empty


def _converter(field: Field, lists: PortalLists) -> Convert | None:
    """Return how a value that is none of these goes over the wire; ``None``: as it is."""
    if field.ours == "semantics":
        return _letters(lists)
    return _CONVERTERS.get(field.kind, field.render)


def _letters(lists: PortalLists) -> Convert:
    """Statuses that are gone from the list mean nothing final."""
    stages = (entry for entry in lists.entries if entry.semantics is not None)
    letters = {entry.code: SEMANTICS[entry.semantics] for entry in stages if entry.semantics}
    return lambda status: letters.get(status, SEMANTICS[Semantics.PROCESS])


def _entries(type_id: str, entries: Iterable[Entry]) -> list[dict[str, str]]:
    return [multifields.render(type_id, e.id, e.value, e.type.upper()) for e in entries]


_CONVERTERS: Mapping[Kind, Convert | None] = {
    Kind.STRING: None,
    Kind.CRM_STATUS: None,
    Kind.CRM_CURRENCY: None,
    Kind.INTEGER: str,
    Kind.USER: str,
    Kind.CHAR: lambda _: "Y",
    Kind.DATETIME: kinds.instant,
}
