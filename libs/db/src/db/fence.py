"""The fence: two local rows that say whether this server may write a portal now (HA.md §4).

``pair/<pair>/<side>`` opens or closes all portals of one side of a pair at once; ``portal/<id>`` one
portal. A writer takes both with a shared lock as the first statement of its transaction; whoever raises
an epoch takes the exclusive lock, so he waits for the open writers and every later stale one finds no
row. The table lives in a database of its own that is never replicated.
"""

from asyncmy.connection import Connection

from db.errors import StaleRouteError
from kernel.ids import PairId, PortalId

CHECK = (
    "SELECT 1 FROM portico_fence.fence AS pair, portico_fence.fence AS portal "
    "WHERE pair.name = %s AND pair.epoch = %s AND pair.state = 'open' "
    "AND portal.name = %s AND portal.epoch = %s AND portal.state = 'open' LOCK IN SHARE MODE"
)
# A portal's row may only ever be raised: a slow signup must not reopen what a later switch closed.
RAISE = (
    "INSERT INTO portico_fence.fence (name, epoch, state) VALUES (%s, %s, %s) "
    "ON DUPLICATE KEY UPDATE state = IF(VALUES(epoch) >= epoch, VALUES(state), state), "
    "epoch = GREATEST(epoch, VALUES(epoch))"
)
REMOVE = "DELETE FROM portico_fence.fence WHERE name = %s AND epoch <= %s"


def pair_row(pair: PairId, side: str) -> str:
    """Name of the row for one side of a pair."""
    return f"pair/{pair}/{side}"


def portal_row(portal: PortalId) -> str:
    """Name of the row for one portal."""
    return f"portal/{portal}"


async def pass_through(connection: Connection, arguments: tuple[str, int, str, int]) -> None:
    """Take the shared lock on both rows, or raise ``StaleRouteError``.

    ``arguments``: pair row, term, portal row, epoch. A missing table or row is a closed fence.
    """
    async with connection.cursor() as cursor:
        await cursor.execute(CHECK, arguments)
        if await cursor.fetchone() is None:
            raise StaleRouteError


async def set_local(connection: Connection, name: str, epoch: int, state: str) -> None:
    """Write one row on this server only; never lowers an epoch. Needs BINLOG ADMIN."""
    await _locally(connection, RAISE, (name, epoch, state))


async def remove_local(connection: Connection, name: str, epoch: int) -> None:
    """Remove one row on this server only, unless somebody raised it since. Needs BINLOG ADMIN."""
    await _locally(connection, REMOVE, (name, epoch))


async def _locally(connection: Connection, statement: str, arguments: tuple[object, ...]) -> None:
    async with connection.cursor() as cursor:
        await cursor.execute("SET SESSION sql_log_bin = 0")
        await cursor.execute(statement, arguments)
        await cursor.execute("SET SESSION sql_log_bin = 1")
