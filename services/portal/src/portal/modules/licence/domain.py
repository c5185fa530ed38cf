"""The rules of a plan. No database, no HTTP."""

from portal.modules.licence.contracts import Plan
from portal.modules.licence.errors import StorageLimitError, UserLimitError


def require_room_for_user(plan: Plan, active: int) -> None:
    """Raise unless one more user may be active."""
    if plan.users is not None and active >= plan.users:
        raise UserLimitError(limit=plan.users, plan=plan.code)


def require_room_for_bytes(plan: Plan, used: int, more: int) -> None:
    """Raise unless ``more`` bytes fit."""
    if plan.storage_bytes is not None and used + more > plan.storage_bytes:
        free = max(0, plan.storage_bytes - used)
        raise StorageLimitError(limit=plan.storage_bytes, free=free, plan=plan.code)
