"""Settings of the portal's own fields, by type: the names of the wire, and what they mean with us.

``default``, ``precision`` and ``list`` are known to the domain; the rest only tells clients how to show a
field, and is kept under the names of the wire.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from portal.modules.crm.contracts import ListKind
from portal.modules.crm.domain.custom.definitions import FieldDetails, FieldType
from portal.modules.crm.domain.custom.values import NOW
from portal.modules.crm.domain.lists import Customs
from portal.modules.crm.rest import custom_fields
from portal.modules.crm.rest.status_rows import ENTITIES, KINDS
from portal.rest.fields import Field, Kind
from portal.rest.method import integer_of, is_true

DEFAULT, PRECISION, LIST = "DEFAULT_VALUE", "PRECISION", "ENTITY_TYPE"
OF_TYPES: Mapping[FieldType, Mapping[str, str]] = {
    FieldType.STRING: {DEFAULT: "string", "ROWS": "int"},
    FieldType.INTEGER: {DEFAULT: "int"},
    FieldType.DOUBLE: {DEFAULT: "double", PRECISION: "int"},
    FieldType.BOOLEAN: {DEFAULT: "int", "DISPLAY": "string"},
    FieldType.DATE: {DEFAULT: "object"},
    FieldType.DATETIME: {DEFAULT: "object"},
    FieldType.ENUMERATION: {"DISPLAY": "string", "LIST_HEIGHT": "int"},
    FieldType.MONEY: {DEFAULT: "string"},
    FieldType.URL: {DEFAULT: "string"},
    FieldType.ADDRESS: {},
    FieldType.EMPLOYEE: {},
    FieldType.CRM_STATUS: {LIST: "string"},
    FieldType.CRM: dict.fromkeys(custom_fields.BOUND_TO, "char"),
}
"""Which settings a field of each type has, and what they are."""

_SHOWN_IF_NOT_SAID: Mapping[FieldType, Mapping[str, Any]] = {
    FieldType.STRING: {"SIZE": 20, "ROWS": 1, "REGEXP": "", "MIN_LENGTH": 0, "MAX_LENGTH": 0},
    FieldType.DOUBLE: {PRECISION: 2},
    FieldType.BOOLEAN: {"DISPLAY": "CHECKBOX"},
    FieldType.ENUMERATION: {"DISPLAY": "LIST", "LIST_HEIGHT": 1},
}


def read(details: FieldDetails, sent: Mapping[str, Any], customs: Customs) -> dict[str, Any]:
    """Return the settings that were sent for a field, by our names; others are ignored."""
    known = OF_TYPES[details.type]
    names = {str(name).upper(): value for name, value in sent.items()}
    return dict(_read_one(details, n, v, customs) for n, v in names.items() if n in known)


def shown(details: FieldDetails) -> dict[str, Any]:
    """Return the settings as they go over the wire."""
    kept = details.settings
    extra = {name: value for name, value in kept.items() if name.isupper()}
    shown = {**_SHOWN_IF_NOT_SAID.get(details.type, {}), **extra}
    known = OF_TYPES[details.type]
    if DEFAULT in known:
        shown[DEFAULT] = _default_shown(details, kept.get("default"))
    if PRECISION in known and "precision" in kept:
        shown[PRECISION] = kept["precision"]
    if LIST in known:
        shown[LIST] = ENTITIES[ListKind(kept.get("list", ListKind.LEAD_STATUS))]
    if details.type is FieldType.CRM:
        shown = {code: kept.get(code, "N") for code in custom_fields.BOUND_TO}
    return shown


def _read_one(details: FieldDetails, name: str, value: Any, customs: Customs) -> tuple[str, Any]:
    match name:
        case "DEFAULT_VALUE":
            return "default", _default(details, value, customs)
        case "PRECISION":
            return "precision", max(0, integer_of(value) or 0)
        case "ENTITY_TYPE":
            return "list", KINDS.get(str(value).upper(), ListKind.LEAD_STATUS).value
        case "ROWS" | "LIST_HEIGHT":
            return name, max(1, integer_of(value) or 1)
        case "DISPLAY":
            return name, str(value).upper()[:20]
        case _:
            return name, "Y" if is_true(value) else "N"


def _default(details: FieldDetails, value: Any, customs: Customs) -> Any:
    if details.type in _DAYS:
        sent = value if isinstance(value, Mapping) else {"TYPE": "FIXED", "VALUE": value}
        if str(sent.get("TYPE", "")).upper() == "NOW":
            return NOW
        value = sent.get("VALUE") if str(sent.get("TYPE", "")).upper() == "FIXED" else None
    one = replace(details, is_multiple=False)
    field = Field(DEFAULT, "default", Kind(details.type.value))
    return custom_fields.taken(one, field.read_one(value), customs)


def _default_shown(details: FieldDetails, value: Any) -> Any:
    if details.type in _DAYS:
        if value is None or value == NOW:
            return {"VALUE": "", "TYPE": "NONE" if value is None else "NOW"}
        return {"VALUE": value, "TYPE": "FIXED"}
    if details.type is FieldType.BOOLEAN:
        return int(bool(value))
    if value is None:
        return ""
    render: Callable[[Any], Any] = custom_fields.renderer(replace(details, is_multiple=False))
    return value if details.type in _NUMBERS else render(value)


_DAYS = frozenset({FieldType.DATE, FieldType.DATETIME})
_NUMBERS = frozenset({FieldType.INTEGER, FieldType.DOUBLE})
