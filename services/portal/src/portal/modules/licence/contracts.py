"""What other modules may know about plans."""

from dataclasses import dataclass
from decimal import Decimal

FREE_PLAN = "project"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a plan costs and allows; a limit of ``None`` is no limit."""

    code: str
    price: Decimal
    currency: str
    users: int | None
    storage_bytes: int | None
