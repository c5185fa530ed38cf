"""Asking for leads: which, in what order, and from where on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from portal.modules.crm.domain.communications import digits_of, normalised_phone
from portal.modules.crm.domain.leads import Lead

HIGHEST_ID = 2**63 - 1
# Fewer digits may as well be part of a title.
SHORTEST_NUMBER = 6
_PHONE_MARKS = frozenset(" +-–()./\u00a0")


class LeadOrder(StrEnum):
    """How a list of leads may be sorted; equals are in the order of their ids, in the same direction."""

    ID = "id"
    ID_DESCENDING = "-id"
    CREATED = "created_at"
    CREATED_DESCENDING = "-created_at"
    AMOUNT = "amount"
    AMOUNT_DESCENDING = "-amount"
    TITLE = "title"
    TITLE_DESCENDING = "-title"

    @property
    def field(self) -> str:
        """What is compared."""
        return self.value.removeprefix("-")

    @property
    def is_descending(self) -> bool:
        """Whether the largest comes first."""
        return self.value.startswith("-")


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """Conditions that all must hold; ``None`` is no condition. ``from`` includes, ``to`` does too.

    ``custom`` are pairs of a code of the portal's own fields and a value, as text.
    """

    status: str | None = None
    source: str | None = None
    responsible_id: int | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    amount_from: Decimal | None = None
    amount_to: Decimal | None = None
    external_id: str | None = None
    originator_id: str | None = None
    origin_id: str | None = None
    search: str | None = None
    custom: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Position:
    """Behind which lead a page begins: its id, and its value of the field that is sorted by."""

    id: int
    value: Any = None


def position_of(order: LeadOrder, lead: Lead) -> tuple[object, ...]:
    """Return what a cursor remembers of the last lead of a page."""
    match order.field:
        case "id":
            return (lead.id,)
        case "created_at":
            return (lead.id, lead.created_at.isoformat())
        case "amount":
            return (lead.id, None if lead.details.amount is None else str(lead.details.amount))
        case _:
            return (lead.id, lead.details.title)


def read_position(order: LeadOrder, remembered: Sequence[object]) -> Position:
    """Return the position of a cursor; raises ``ValueError`` if we never made such a cursor."""
    lead, *values = remembered
    if type(lead) is not int or not 0 <= lead <= HIGHEST_ID:
        raise ValueError("no id")
    if order.field == "id":
        return Position(lead)
    (value,) = values
    return Position(lead, _read(order.field, value))


def find_reached_by(search: str, region: str) -> str | None:
    """Return the normalised number, or part of it or of an address, that is searched for, if it is one."""
    if "@" in search:
        return search.strip().lower()
    is_number = len(digits_of(search)) >= SHORTEST_NUMBER and _PHONE_MARKS.issuperset(
        c for c in search if not c.isdecimal()
    )
    return normalised_phone(search, region) if is_number else None


def _read(field: str, value: object) -> object:
    if field == "amount" and value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("no text")  # noqa: TRY004  # whatever is wrong with a cursor is one error
    match field:
        case "created_at":
            at = datetime.fromisoformat(value)
            if at.tzinfo is None:
                raise ValueError("no offset")
            return at
        case "amount":
            try:
                amount = Decimal(value)
            except InvalidOperation:
                raise ValueError("no amount") from None
            if not amount.is_finite():
                raise ValueError("no amount")
            return amount
        case _:
            return value
