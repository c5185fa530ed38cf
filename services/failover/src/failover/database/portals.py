"""The fence rows of portals (ADR 0016): no revision guards them, the row itself refuses a lower epoch."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

from db.fence import RAISE, portal_row
from failover.database.line import Line
from failover.database.obeying import state_of
from failover.database.observing import fence_of
from failover.state import Fence
from kernel.ids import PortalId

AT_ONCE = 500

READ = "SELECT name, epoch, state FROM portico_fence.fence WHERE name IN ({})"
WRITE = f"{RAISE}; {READ.format('%s')}; SELECT @@GLOBAL.gtid_binlog_pos AS logged"
RAISE_MANY = RAISE.replace("(%s, %s, %s)", "{}")


async def read(line: Line, portals: Collection[PortalId]) -> dict[PortalId, Fence]:
    """Return the rows there are. Reading waits for nobody."""
    found = {}
    for batch in _batches(portals):
        names = {portal_row(portal).encode(): portal for portal in batch}
        (rows,) = await line.ask(READ.format(_marks("%s", batch)), tuple(names))
        found.update({names[row["name"]]: fence_of(row) for row in rows})
    return found


async def write(line: Line, portal: PortalId, fence: Fence) -> str | None:
    """Write one row and return the GTIDs logged when it stood; ``None`` if it is higher already."""
    _, (row,), (values,) = await line.ask(WRITE, (*_values(portal, fence), portal_row(portal)))
    logged: str = values["logged"]
    return logged if fence_of(row) == fence else None


async def sweep(line: Line, rows: Mapping[PortalId, Fence]) -> None:
    """Write what is missing or older. Rows that are right are not touched: a write would wait for writers."""
    for batch in _batches(rows):
        known = await read(line, batch)
        late = [p for p in batch if p not in known or known[p].term < rows[p].term]
        if late:
            values = [value for portal in late for value in _values(portal, rows[portal])]
            await line.ask(RAISE_MANY.format(_marks("(%s, %s, %s)", late)), values)


def _values(portal: PortalId, fence: Fence) -> tuple[str, int, str]:
    return portal_row(portal), fence.term, state_of(fence)


def _marks(mark: str, batch: Sequence[PortalId]) -> str:
    return ", ".join([mark] * len(batch))


def _batches(portals: Collection[PortalId]) -> Iterator[Sequence[PortalId]]:
    rest = iter(portals)
    while batch := tuple(islice(rest, AT_ONCE)):
        yield batch
