"""One cell of a CSV file to one value, and back; what cannot be read raises ``CellError``."""

import re
from decimal import Decimal

from babel.numbers import is_currency
from email_validator import EmailNotValidError, validate_email

from portal.modules.crm.domain.communications import (
    FEWEST_DIGITS,
    LONGEST_EMAIL,
    LONGEST_PHONE,
    digits_of,
)
from portal.modules.crm.domain.leads import AMOUNT_DIGITS, AMOUNT_PLACES

# A spreadsheet takes a cell that begins so for a formula, and runs it (OWASP, "CSV injection").
FORMULA_MARKS = ("=", "+", "-", "@")
_NUMBER = re.compile(r"\d+(?:\.\d{1,2})?")
_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{3})+")


class CellError(Exception):
    """What is wrong with a cell: ``code`` of the text that says so, ``limit`` where there is one."""

    def __init__(self, code: str, limit: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.limit = limit


def neutralised(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: with an apostrophe before it."""
    return f"'{cell}" if cell.startswith(FORMULA_MARKS) else cell


def original(cell: str) -> str:
    """Return what was neutralised, so that an export can be imported."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_MARKS) else cell


def line_of_text(cell: str, longest: int) -> str:
    """Read a text of one line: spaces and line breaks within it become one space."""
    return _bounded(" ".join(cell.split()), longest)


def text(cell: str, longest: int) -> str:
    """Read a text of several lines."""
    return _bounded(cell.replace("\r\n", "\n").strip(), longest, allowed="\n\t")


def amount(cell: str) -> Decimal:
    """Read an amount as people write it: 72250.5, 72 250,50, 72.250,50 and 72,250.50 are all the same.

    Three digits behind a lone separator are thousands: nobody counts mills.
    """
    written = "".join(cell.split()).replace("'", "")
    whole, places = written, ""
    tail = max(written.rfind("."), written.rfind(","))
    if tail >= 0 and 1 <= len(written) - tail - 1 <= AMOUNT_PLACES:
        whole, places = written[:tail], "." + written[tail + 1 :]
    if _GROUPED.fullmatch(whole):
        whole = whole.replace(".", "").replace(",", "")
    if not (_NUMBER.fullmatch(whole + places) and (whole + places).isascii()):
        raise CellError("import-amount-malformed")
    if len(whole.lstrip("0")) > AMOUNT_DIGITS - AMOUNT_PLACES:
        raise CellError("import-amount-too-large")
    return Decimal(whole + places).quantize(Decimal("0.01"))


def currency(cell: str) -> str:
    """Read an ISO 4217 code."""
    code = cell.upper()
    if not is_currency(code):
        raise CellError("import-currency-unknown")
    return code


def several(cell: str) -> list[str]:
    """Read what stands between commas or semicolons: numbers, or addresses."""
    parts = cell.replace(";", ",").split(",")
    return [original(part.strip()) for part in parts if part.strip()]


def phone(cell: str) -> str:
    """Read a phone number; whether it exists is not our business."""
    number = line_of_text(cell, LONGEST_PHONE)
    if len(digits_of(number)) < FEWEST_DIGITS:
        raise CellError("import-phone-malformed")
    return number


def email(cell: str) -> str:
    """Read an address of mail."""
    if len(cell) > LONGEST_EMAIL:
        raise CellError("import-cell-too-long", LONGEST_EMAIL)
    try:
        return validate_email(cell, check_deliverability=False).normalized
    except EmailNotValidError:
        raise CellError("import-email-malformed") from None


def _bounded(value: str, longest: int, allowed: str = "") -> str:
    if len(value) > longest:
        raise CellError("import-cell-too-long", longest)
    if not value.isprintable() and not all(c.isprintable() or c in allowed for c in value):
        raise CellError("import-cell-not-printable")
    return value
