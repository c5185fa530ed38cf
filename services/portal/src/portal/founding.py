"""Making the rows of a portal, and removing them again if its signup is undone.

Only the composition of the modules' facades: each module makes what is its own, all in one transaction.
"""

from sqlalchemy import bindparam, delete

from db.schema import Belongs, metadata
from db.sessions import WriteSession
from db.statements import Statement
from portal.modules.company import facade as company
from portal.modules.company.contracts import UserId
from portal.modules.company.facade import Founding
from portal.modules.crm import facade as crm
from portal.modules.drive import facade as drive
from portal.modules.licence import facade as licence
from portal.resources import Resources
from routes import Route


async def found(
    resources: Resources,
    route: Route,
    new: Founding,
    *,
    plan: str | None,
    storage: tuple[str, str, str],
) -> UserId:
    """Write the rows of a new portal; return its administrator. Called again, return the same one."""
    async with resources.writing(route, actor=None) as session:
        known = await company.find_administrator(session)
        if known is not None:
            return known
        await licence.grant(session, plan)
        bucket, access_key, secret_key = storage
        await drive.found(
            session,
            resources.sealer,
            bucket=bucket,
            access_key=access_key,
            secret_key=secret_key,
        )
        await crm.found(session, new.locale)
        return await company.found(session, resources.settings, new)


async def remove(resources: Resources, route: Route) -> None:
    """Delete every row of the portal, table by table as the schema declares them."""
    async with resources.writing(route, actor=None) as session:
        await _delete_all(session)


async def _delete_all(session: WriteSession) -> None:
    for table in metadata.sorted_tables:
        if table.info["belongs"] != Belongs.GLOBAL:
            mine = table.c.portal_id == bindparam("portal_id")
            await session.change(Statement(delete(table).where(mine)))
