"""The kinds of fields: their names on the wire, how a value of each is read and how it is written.

What is empty on the wire (``""``, null, false, and 0 where an id is meant) is read as ``None``.
"""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from portal.rest.method import integer_of, is_true

MOST_DIGITS = 30
"""Of a number: more fits no column, and could keep us busy for long."""
LONGEST_INSTANT = 40


class Kind(StrEnum):
    """What a field holds; the value is the ``type`` of ``*.fields``."""

    STRING = "string"
    INTEGER = "integer"
    DOUBLE = "double"  # a Decimal
    CHAR = "char"  # a flag, "Y" or "N"
    BOOLEAN = "boolean"  # a flag, true or false
    DATE = "date"
    DATETIME = "datetime"
    USER = "user"
    EMPLOYEE = "employee"
    ENUMERATION = "enumeration"  # the id of one of its values
    MONEY = "money"  # "100.50|USD"
    URL = "url"
    ADDRESS = "address"
    FILE = "file"
    CRM = "crm"  # "L_1", or "1" where only one type is meant
    CRM_STATUS = "crm_status"
    CRM_CURRENCY = "crm_currency"
    CRM_LEAD = "crm_lead"
    CRM_COMPANY = "crm_company"
    CRM_CONTACT = "crm_contact"
    CRM_ENTITY = "crm_entity"
    CRM_MULTIFIELD = "crm_multifield"  # read and written by ``multifields``
    LOCATION = "location"
    UNCHANGED = "unchanged"
    """As it stands on the wire: nothing documented fits."""


class UnreadableError(Exception):
    """The value is none of this kind."""


def read(kind: Kind, value: Any) -> Any:
    """Return the value that was sent, or ``None`` for an empty one; raise ``UnreadableError``."""
    if kind in FLAGS:
        return is_true(value)
    if kind in UNCHANGED:
        return value
    if value is None or value is False or value == "":
        return None
    reader = _READ.get(kind)
    return reader(value) if reader else _text(value)


def render(kind: Kind, value: Any, *, is_number: bool = False) -> Any:
    """Return the value as it goes over the wire; ``is_number``: as a JSON number, not its digits."""
    if is_number:
        return float(value) if isinstance(value, Decimal) else value
    return _RENDER[kind](value) if kind in _RENDER else str(value)


def instant(value: datetime) -> str:
    """Return an instant as it goes over the wire."""
    return value.astimezone(UTC).isoformat(timespec="seconds")


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UnreadableError
    if isinstance(value, float) and not math.isfinite(value):
        raise UnreadableError
    return str(value)


def _integer(value: Any) -> int:
    number = integer_of(value)
    if number is None:
        raise UnreadableError
    return number


def _identifier(value: Any) -> int | None:
    return _integer(value) or None


def _decimal(value: Any) -> Decimal:
    text = _text(value).strip()
    try:
        number = Decimal(text) if len(text) <= MOST_DIGITS else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or abs(number.adjusted()) > MOST_DIGITS:
        raise UnreadableError
    return number


def _money(value: Any) -> str:
    amount, bar, currency = _text(value).partition("|")
    is_currency = len(currency) == 3 and currency.isascii() and currency.isalpha()
    if bar and not is_currency:
        raise UnreadableError
    return f"{_decimal(amount)}{bar}{currency.upper()}"


def _instant(value: Any) -> datetime:
    """Read ISO 8601 or ``DD.MM.YYYY[ HH:MM[:SS]]``; without an offset it is the portal's time (UTC)."""
    try:
        found = datetime.fromisoformat(_iso(_text(value).strip()))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UnreadableError from None


def _date(value: Any) -> date:
    """Read the day; of an instant the day where it was said."""
    try:
        return datetime.fromisoformat(_iso(_text(value).strip())).date()
    except ValueError:
        raise UnreadableError from None


def _iso(text: str) -> str:
    if len(text) > LONGEST_INSTANT:
        raise UnreadableError
    day, dot, rest = text.partition(".")
    month, second_dot, rest = rest.partition(".")
    if not (dot and second_dot and len(day) == len(month) == 2):
        return text
    return f"{rest[:4]}-{month}-{day}{rest[4:]}"


def _rendered_date(value: date) -> str:
    return instant(datetime.combine(value, time.min, UTC))


def _rendered_decimal(value: Decimal) -> str:
    return f"{value:.2f}"


def _same(value: Any) -> Any:
    return value


FLAGS = frozenset({Kind.CHAR, Kind.BOOLEAN})
UNCHANGED = frozenset({Kind.UNCHANGED, Kind.FILE})
IDENTIFIERS = frozenset(
    {
        *(Kind.USER, Kind.EMPLOYEE, Kind.ENUMERATION),
        *(Kind.CRM_LEAD, Kind.CRM_COMPANY, Kind.CRM_CONTACT),
    }
)
_READ: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.INTEGER: _integer,
    Kind.DOUBLE: _decimal,
    Kind.MONEY: _money,
    Kind.DATE: _date,
    Kind.DATETIME: _instant,
    **dict.fromkeys(IDENTIFIERS, _identifier),
}
_RENDER: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.CHAR: lambda value: "Y" if value else "N",
    Kind.BOOLEAN: bool,
    Kind.DOUBLE: _rendered_decimal,
    Kind.DATE: _rendered_date,
    Kind.DATETIME: instant,
    **dict.fromkeys((*UNCHANGED, Kind.CRM_MULTIFIELD), _same),
}
