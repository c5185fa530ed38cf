"""The value of a portal's own field: what it may be by its type, and the one form in which it is kept.

Kept as JSON, so that a list can compare it: an instant in UTC to the second, a date as ISO 8601 has it, an
amount with two places.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from babel.numbers import is_currency

from portal.modules.crm.contracts import CardKind, ListKind
from portal.modules.crm.domain.custom.definitions import (
    LARGEST_LABELS,
    LARGEST_SETTINGS,
    Field,
    FieldType,
)
from portal.modules.crm.domain.lists import PortalLists
from portal.modules.crm.errors import FieldSettingsInvalidError, FieldValueError

LONGEST_TEXT = 10_000
LONGEST_URL = 2_000
LONGEST_PLACE = 1_000
MOST_VALUES = 100
HIGHEST_NUMBER = 2**63 - 1
HIGHEST_AMOUNT = Decimal(10) ** 13
MOST_PLACES = 10
NOW = "now"

Read = Callable[[Field, Any, PortalLists], Any]


def read(field: Field, value: Any, lists: PortalLists) -> Any:
    """Return the value as it is kept, ``None`` for an empty one; raises ``FieldValueError``."""
    if not field.details.is_multiple:
        return None if _is_empty(value) else _one(field, value, lists)
    values = value if isinstance(value, list) else [value]
    if len(values) > MOST_VALUES:
        raise FieldValueError(field=field.details.code, reason="too-many")
    return [_one(field, one, lists) for one in values if not _is_empty(one)] or None


def from_text(field: Field, text: str) -> Any:
    """Return what a text says that is to be compared with the field; raises ``FieldValueError``."""
    try:
        match field.details.type:
            case FieldType.INTEGER | FieldType.ENUMERATION | FieldType.EMPLOYEE:
                return int(text)
            case FieldType.DOUBLE | FieldType.MONEY:
                return _finite(Decimal(text))
            case FieldType.BOOLEAN:
                return {"true": True, "false": False}[text]
            case FieldType.DATE:
                return date.fromisoformat(text)
            case FieldType.DATETIME:
                return _instant(text)
            case _:
                return text
    except (ValueError, KeyError, ArithmeticError):
        raise FieldValueError(field=field.details.code, reason=field.details.type) from None


def default_of(field: Field, lists: PortalLists, now: datetime) -> Any:
    """Return what a new card has if nothing is said: the settings', or the items' that are default ones."""
    if field.details.type is FieldType.ENUMERATION:
        chosen = [item.id for item in field.details.items if item.is_default]
        return read(field, chosen if field.details.is_multiple else next(iter(chosen), None), lists)
    default = field.details.settings.get("default")
    if default == NOW and field.details.type is FieldType.DATE:
        default = now.date().isoformat()
    elif default == NOW and field.details.type is FieldType.DATETIME:
        default = now.isoformat()
    return read(field, default, lists)


def require_settings(field: Field, lists: PortalLists, now: datetime) -> None:
    """Raise ``FieldSettingsInvalidError`` unless the settings go with the field."""
    settings = field.details.settings
    if len(str(settings)) > LARGEST_SETTINGS:
        raise FieldSettingsInvalidError(reason=f"more than {LARGEST_SETTINGS} characters")
    if len(str(field.details.labels)) > LARGEST_LABELS:
        raise FieldSettingsInvalidError(reason="labels")
    places = settings.get("precision", 0)
    if type(places) is not int or not 0 <= places <= MOST_PLACES:
        raise FieldSettingsInvalidError(reason="precision")
    if settings.get("list", ListKind.LEAD_STATUS) not in set(ListKind):
        raise FieldSettingsInvalidError(reason="list")
    try:
        default_of(field, lists, now)
    except FieldValueError:
        raise FieldSettingsInvalidError(reason="default") from None


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _one(field: Field, value: Any, lists: PortalLists) -> Any:
    try:
        return _READERS[field.details.type](field, value, lists)
    except (ValueError, TypeError, KeyError, ArithmeticError):
        raise FieldValueError(field=field.details.code, reason=field.details.type) from None


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("no offset")
    return at.astimezone(UTC).replace(microsecond=0)


def _finite(number: Decimal) -> Decimal:
    if not number.is_finite():
        raise ValueError("no number")
    return number


def _text(longest: int) -> Read:
    def read_text(_field: Field, value: Any, _lists: PortalLists) -> str:
        if not isinstance(value, str) or len(value) > longest:
            raise ValueError("no text, or too long")
        if not all(c.isprintable() or c in "\n\r\t" for c in value):
            raise ValueError("control characters")
        return value

    return read_text


_LINE = _text(LONGEST_PLACE)


def _integer(_field: Field, value: Any, _lists: PortalLists) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > HIGHEST_NUMBER:
        raise ValueError("no integer")
    return value


def _double(field: Field, value: Any, _lists: PortalLists) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("no number")  # noqa: TRY004  # whatever is wrong with a value is one error
    number = float(value)
    if not abs(number) < float(HIGHEST_AMOUNT):  # NaN is not either
        raise ValueError("too large")
    return round(
        number, min(int(field.details.settings.get("precision", MOST_PLACES)), MOST_PLACES)
    )


def _boolean(_field: Field, value: Any, _lists: PortalLists) -> bool:
    if not isinstance(value, bool):
        raise ValueError("neither true nor false")  # noqa: TRY004  # as above
    return value


def _date(_field: Field, value: Any, _lists: PortalLists) -> str:
    return date.fromisoformat(value).isoformat()


def _datetime(_field: Field, value: Any, _lists: PortalLists) -> str:
    return _instant(value).isoformat()


def _money(_field: Field, value: Any, _lists: PortalLists) -> Mapping[str, str]:
    amount, currency = Decimal(str(value["amount"])), str(value["currency"])
    if not amount.is_finite() or abs(amount) >= HIGHEST_AMOUNT or not is_currency(currency):
        raise ValueError("no money")
    return {"amount": str(amount.quantize(Decimal("0.01"))), "currency": currency}


def _item(field: Field, value: Any, lists: PortalLists) -> int:
    item = field.find_item(_integer(field, value, lists))
    if item is None:
        raise ValueError("no item")
    return item.id


def _employee(field: Field, value: Any, lists: PortalLists) -> int:
    user = _integer(field, value, lists)
    if user < 1:
        raise ValueError("nobody")
    return user


def _choice(field: Field, value: Any, lists: PortalLists) -> str:
    kind = ListKind(field.details.settings.get("list", ListKind.LEAD_STATUS))
    code = lists.find_code(kind, _LINE(field, value, lists))
    if code is None:
        raise ValueError("not in the list")
    return code


def _card(field: Field, value: Any, lists: PortalLists) -> str:
    kind, _, card = _LINE(field, value, lists).partition(":")
    return f"{CardKind(kind)}:{_employee(field, int(card), lists)}"


_READERS: Mapping[FieldType, Read] = {
    FieldType.STRING: _text(LONGEST_TEXT),
    FieldType.URL: _text(LONGEST_URL),
    FieldType.ADDRESS: _text(LONGEST_PLACE),
    FieldType.INTEGER: _integer,
    FieldType.DOUBLE: _double,
    FieldType.BOOLEAN: _boolean,
    FieldType.DATE: _date,
    FieldType.DATETIME: _datetime,
    FieldType.MONEY: _money,
    FieldType.ENUMERATION: _item,
    FieldType.EMPLOYEE: _employee,
    FieldType.CRM_STATUS: _choice,
    FieldType.CRM: _card,
}
