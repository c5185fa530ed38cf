"""Every SQL statement about licences."""

from sqlalchemy import bindparam, insert, select

from db.sessions import ReadSession, WriteSession
from db.statements import Statement
from portal.modules.licence.contracts import Plan
from portal.modules.licence.tables import licences, plans

_PLAN_COLUMNS = (
    plans.c.code,
    plans.c.price,
    plans.c.currency,
    plans.c.users,
    plans.c.storage_bytes,
    plans.c.rest_burst,
    plans.c.rest_per_second,
    plans.c.rest_operating_seconds,
)
_PLAN = Statement(
    select(*_PLAN_COLUMNS)
    .join(licences, licences.c.plan == plans.c.code)
    .where(licences.c.portal_id == bindparam("portal_id"))
)
# Locks the licence, not the plan: activations of one portal queue here, other portals do not.
_LOCK = Statement(
    select(licences.c.plan).where(licences.c.portal_id == bindparam("portal_id")).with_for_update()
)
_GRANT = Statement(insert(licences), columns=("portal_id", "plan", "granted_at"))


class LicenceRepository:
    """The licence of one portal."""

    def __init__(self, session: ReadSession) -> None:
        self._session = session

    async def get(self) -> Plan:
        """Return the portal's plan as it is now."""
        row = await self._session.first(_PLAN)
        if row is None:
            raise LookupError(f"portal {self._session.portal} has no licence")
        return Plan(*row)

    async def get_for_update(self) -> Plan:
        """Return the plan; whoever counts against it next waits until this transaction ends."""
        await self._session.first(_LOCK)
        return await self.get()


async def grant(session: WriteSession, plan: str) -> None:
    """Give a new portal its plan."""
    await session.insert(_GRANT, plan=plan, granted_at=session.now)
