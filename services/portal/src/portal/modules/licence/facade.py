"""What sibling modules may ask about the licence."""

from db.sessions import ReadSession, WriteSession
from portal.context import RequestContext
from portal.modules.licence import domain, wiring
from portal.modules.licence.contracts import FREE_PLAN, Plan
from portal.rest.limits import Allowance


async def grant(session: WriteSession, plan: str | None) -> None:
    """Give a new portal its plan; the free one unless said otherwise."""
    await wiring.grant(session, plan or FREE_PLAN)


async def plan_of(session: ReadSession) -> Plan:
    """Return the portal's plan."""
    return await wiring.licences(session).get()


async def allowance_of(context: RequestContext) -> Allowance:
    """Return what the plan allows to integrations, as of a few seconds ago."""
    plan = await wiring.recent_plan(context)
    return Allowance(plan.rest_burst, plan.rest_per_second, plan.rest_operating_seconds)


async def require_room_for_user(session: WriteSession, active: int) -> None:
    """Raise ``UserLimitError`` unless one more user may be active; see ``lock`` for the order."""
    domain.require_room_for_user(await wiring.licences(session).get(), active)


async def lock(session: WriteSession) -> None:
    """Let concurrent activations of this portal queue, so that each counts after the one before."""
    await wiring.licences(session).get_for_update()


def require_room_for_bytes(plan: Plan, used: int, more: int) -> None:
    """Raise ``StorageLimitError`` unless ``more`` bytes fit beside those that are ``used``."""
    domain.require_room_for_bytes(plan, used, more)
