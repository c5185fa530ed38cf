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
    rest_burst: int | None
    """Requests of integrations at once, from one address; after that, ``rest_per_second``."""
    rest_per_second: float | None
    rest_operating_seconds: int | None
    """Seconds that each method may run for one webhook within ten minutes."""
