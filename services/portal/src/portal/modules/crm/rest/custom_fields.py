"""The portal's own fields on the wire: their rows in a table of fields, and their values both ways.

With us a value is JSON as ``domain.custom.values`` keeps it; on the wire a classic scalar, a text throughout.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from portal.modules.crm.contracts import CardKind
from portal.modules.crm.domain.custom.definitions import PREFIX, FieldDetails, FieldType
from portal.modules.crm.domain.custom.definitions import Field as OwnField
from portal.modules.crm.domain.leads import Custom
from portal.modules.crm.domain.lists import Customs, PortalLists
from portal.rest.fields import Field, Kind
from portal.rest.method import CallError

CUSTOM = "custom."
"""How our names of such fields begin."""
SHORT_CODES: Mapping[CardKind, str] = {CardKind.LEAD: "L", CardKind.CONTACT: "C"}
# Which kinds of cards a field may name, by a setting each; the codes are those of ``crm.enum.ownertype``
BOUND_TO = ("LEAD", "CONTACT", "COMPANY", "DEAL")

_EMPTY_TEXTS = frozenset({FieldType.DATE, FieldType.DATETIME})
_KINDS_BY_CODE = {code: kind for kind, code in SHORT_CODES.items()}

Convert = Callable[[Any], Any]


def rows(lists: PortalLists) -> list[Field]:
    """Return the portal's own fields as rows of a table."""
    return [_row(field.details) for field in lists.fields]


def described(lists: PortalLists, locale: str) -> dict[str, dict[str, Any]]:
    """Return what ``*.fields`` says of them, with their labels in one language."""
    return {
        PREFIX + field.details.code: {
            **_row(field.details).described(),
            **_labels(field.details, locale),
            **_items(field.details),
            "settings": dict(field.details.settings) or [],
        }
        for field in lists.fields
    }


def renderer(details: FieldDetails) -> Convert:
    """Return how a value that is kept goes over the wire; ``None`` is an empty one."""
    one = _renderer_of_one(details)
    if details.type is FieldType.ENUMERATION:
        return _choices(details)
    if details.is_multiple:
        return lambda values: [one(value) for value in values or ()]
    empty = "" if details.type in _EMPTY_TEXTS else None
    return lambda value: empty if value is None else one(value)


def taken(details: FieldDetails, value: Any, customs: Customs) -> Any:
    """Return a value that ``portal.rest`` has read as we keep it."""
    if isinstance(value, list):
        return [_taken_one(details, one, customs) for one in value]
    return None if value is None else _taken_one(details, value, customs)


def by_code(lists: PortalLists, names: Iterable[str]) -> dict[str, FieldDetails]:
    """Return the definitions of some fields, by our names of them."""
    known = {CUSTOM + field.details.code: field.details for field in lists.fields}
    return {name: known[name] for name in names if name in known}


def are_older(lists: PortalLists, custom: Custom) -> bool:
    """Tell whether a card holds what these lists do not know yet: a field, or a choice of one."""
    if not custom:
        return False
    fields: dict[int, OwnField] = {field.id: field for field in lists.fields}
    newest = max(fields, default=0)
    return any(
        field_id > newest if (field := fields.get(field_id)) is None else _is_newer(field, value)
        for field_id, value in custom.items()
    )


def is_bound_to_one(details: FieldDetails) -> bool:
    """Tell whether values name cards of one kind only, and so need not say of which."""
    bound = [code for code in BOUND_TO if details.settings.get(code) == "Y"]
    return len(bound) <= 1


def _row(details: FieldDetails) -> Field:
    return Field(
        PREFIX + details.code,
        CUSTOM + details.code,
        Kind(details.type.value),
        is_required=details.is_mandatory,
        is_multiple=details.is_multiple,
        is_dynamic=True,
    )


def _labels(details: FieldDetails, locale: str) -> dict[str, str]:
    name = PREFIX + details.code
    by_purpose = {"listLabel": "list", "formLabel": "form", "filterLabel": "filter"}
    return {
        key: details.labels.get(purpose, {}).get(locale) or name
        for key, purpose in by_purpose.items()
    }


def _items(details: FieldDetails) -> dict[str, Any]:
    if details.type is not FieldType.ENUMERATION:
        return {}
    return {"items": [{"ID": str(item.id), "VALUE": item.value} for item in details.items]}


def _renderer_of_one(details: FieldDetails) -> Convert:
    if details.type is FieldType.CRM:
        return _number_of_card if is_bound_to_one(details) else _card
    return _RENDERERS.get(details.type, str)


def _is_newer(field: OwnField, value: Any) -> bool:
    if field.details.type is not FieldType.ENUMERATION:
        return False
    return max(value if isinstance(value, list) else [value], default=0) > field.last_item


def _choices(details: FieldDetails) -> Convert:
    """Choices that are gone from the field are gone from its values."""
    there = frozenset(item.id for item in details.items)
    if details.is_multiple:
        return lambda chosen: [str(item) for item in chosen or () if item in there]
    return lambda item: str(item) if item in there else None


def _taken_one(details: FieldDetails, value: Any, customs: Customs) -> Any:
    match details.type:
        case FieldType.MONEY:
            amount, _, currency = value.partition("|")
            return {"amount": f"{Decimal(amount):.2f}", "currency": currency or customs.currency}
        case FieldType.DATE | FieldType.DATETIME:
            return value.isoformat()
        case FieldType.DOUBLE:
            return float(value)
        case FieldType.CRM:
            return _card_meant(details, value)
        case _:
            return value


def _card_meant(details: FieldDetails, value: str) -> str:
    code, _, number = value.strip().upper().rpartition("_")
    first = next((name[0] for name in BOUND_TO if details.settings.get(name) == "Y"), "L")
    kind = _KINDS_BY_CODE.get(code or first)
    if kind is None or not (number.isascii() and number.isdigit()):
        raise CallError(400, "", f"Invalid value of field {PREFIX}{details.code}.")
    return f"{kind}:{number}"


def _double(value: float) -> str:
    return f"{value:.10f}".rstrip("0").rstrip(".")


def _money(value: Mapping[str, str]) -> str:
    return f"{value['amount']}|{value['currency']}"


def _date(value: str) -> str:
    return f"{value}T00:00:00+00:00"


def _card(value: str) -> str:
    kind, _, number = value.partition(":")
    return f"{SHORT_CODES[CardKind(kind)]}_{number}"


def _number_of_card(value: str) -> str:
    return value.partition(":")[2]


_RENDERERS: Mapping[FieldType, Convert] = {
    FieldType.BOOLEAN: bool,
    FieldType.DOUBLE: _double,
    FieldType.MONEY: _money,
    FieldType.DATE: _date,
    FieldType.CRM: _card,
}
