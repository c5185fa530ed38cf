"""What may be written into a lead, whoever writes it: each wrong field is named."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, fields
from decimal import Decimal
from functools import partial
from typing import Any

from babel.numbers import is_currency

from kernel.errors import FieldError, InvalidFieldsError
from portal.modules.crm.domain.communications import (
    LONGEST_EMAIL,
    LONGEST_MESSENGER,
    LONGEST_PHONE,
    LONGEST_TYPE,
    LONGEST_WEB,
    MOST_ENTRIES,
    Entry,
)
from portal.modules.crm.domain.leads import (
    AMOUNT_DIGITS,
    AMOUNT_PLACES,
    LONGEST_COMMENT,
    LONGEST_COMPANY,
    LONGEST_EXTERNAL_ID,
    LONGEST_NAME,
    LONGEST_PART,
    LONGEST_TITLE,
    LeadDetails,
)
from portal.modules.crm.domain.parts import Address, Utm

HIGHEST_ID = 2**63 - 1
HIGHEST_AMOUNT = Decimal(10) ** (AMOUNT_DIGITS - AMOUNT_PLACES)
_ADDRESS_OF_MAIL = re.compile(r"[^@\s]+@[^@\s]+")

Check = Callable[[Any], str | None]
"""Returns what is wrong with a value, if anything is."""


def require_sound(old: LeadDetails, new: LeadDetails) -> None:
    """Raise ``InvalidFieldsError`` if something new may not stand in a lead, or it has no title."""
    errors = [
        error
        for field in fields(LeadDetails)
        if field.name == "title" or getattr(new, field.name) != getattr(old, field.name)
        for error in _errors(field.name, getattr(new, field.name))
    ]
    if errors:
        raise InvalidFieldsError(errors)


def _errors(name: str, value: Any) -> Iterator[FieldError]:
    if isinstance(value, Address | Utm):
        for part, text in zip(fields(value), astuple(value), strict=True):
            yield from _error(f"{name}/{part.name}", _PART(text))
    elif name in _ENTRY_CHECKS:
        yield from _entry_errors(name, value)
    elif name in _CHECKS and value is not None:
        yield from _error(name, _CHECKS[name](value))


def _entry_errors(name: str, entries: Sequence[Entry]) -> Iterator[FieldError]:
    if len(entries) > MOST_ENTRIES:
        yield from _error(name, f"at most {MOST_ENTRIES} fit here")
    for number, entry in enumerate(entries):
        yield from _error(f"{name}/{number}/value", _ENTRY_CHECKS[name](entry.value))
        yield from _error(f"{name}/{number}/type", _TYPE(entry.type))


def _error(name: str, detail: str | None) -> Iterator[FieldError]:
    if detail is not None:
        yield FieldError(f"/{name}", "value_error", detail)


def _text(value: str, *, longest: int, allowed: str = "") -> str | None:
    if len(value) > longest:
        return f"at most {longest} characters fit here"
    if not all(c.isprintable() or c in allowed for c in value):
        return "control characters are not allowed"
    return None


def _needed(value: str) -> str | None:
    return _text(value, longest=LONGEST_TITLE) if value.strip() else "a lead needs a title"


def _email(value: str) -> str | None:
    is_one = _ADDRESS_OF_MAIL.fullmatch(value)
    return _text(value, longest=LONGEST_EMAIL) if is_one else "this is no address of mail"


def _amount(value: Decimal) -> str | None:
    if not value.is_finite() or not 0 <= value < HIGHEST_AMOUNT:
        return f"an amount is not negative, and less than {HIGHEST_AMOUNT}"
    exponent = value.as_tuple().exponent
    has_mills = isinstance(exponent, int) and exponent < -AMOUNT_PLACES
    return f"an amount has at most {AMOUNT_PLACES} places" if has_mills else None


def _currency(value: str) -> str | None:
    return None if is_currency(value) else "no currency of ISO 4217 has this code"


def _id(value: int) -> str | None:
    return None if 1 <= value <= HIGHEST_ID else "there is no such id"


_PART: Check = partial(_text, longest=LONGEST_PART)
_TYPE: Check = partial(_text, longest=LONGEST_TYPE)
_ID_OF_OTHERS: Check = partial(_text, longest=LONGEST_EXTERNAL_ID)
_NAME: Check = partial(_text, longest=LONGEST_NAME)
_LINES: Check = partial(_text, longest=LONGEST_COMMENT, allowed="\n\r\t")
_ENTRY_CHECKS: Mapping[str, Check] = {
    # programs write whatever a caller was shown as; one of few digits is kept, and found by nobody
    "phones": partial(_text, longest=LONGEST_PHONE),
    "emails": _email,
    "webs": partial(_text, longest=LONGEST_WEB),
    "messengers": partial(_text, longest=LONGEST_MESSENGER),
}
_CHECKS: Mapping[str, Check] = {
    "title": _needed,
    "first_name": _NAME,
    "last_name": _NAME,
    "middle_name": _NAME,
    "position": _NAME,
    "company_title": partial(_text, longest=LONGEST_COMPANY),
    "comment": _LINES,
    "source_description": _LINES,
    "status_description": _LINES,
    "amount": _amount,
    "currency": _currency,
    "responsible_id": _id,
    "external_id": _ID_OF_OTHERS,
    "originator_id": _ID_OF_OTHERS,
    "origin_id": _ID_OF_OTHERS,
}
