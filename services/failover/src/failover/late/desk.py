"""The verbs on late changes, by the addresses of the servers they are about.

Whoever uses them logs in as ``portico_repair``, which may do on tenants' rows what the agent may not.
"""

from typing import Any

from db.engine import Address
from failover.database.session import session
from failover.late import deciding, keeping, withdrawing
from failover.late.deciding import Guard, Outcome, Selection
from failover.late.withdrawing import Withdrawal


async def keep(returning: Address, peer: Address) -> int:
    """Copy what only the returning server has to its peer; return how many rows were new there.

    Needs no word of an operator and may be repeated.
    """
    async with session(returning) as reading, session(returning) as own, session(peer) as other:
        return await keeping.keep(reading, own, other)


async def withdraw(returning: Address, peer: Address) -> Withdrawal:
    """Keep everything late, then undo it on the returning server; only on an operator's word.

    Only while the returning server stands read-only and does not replicate: ``Rejoin(RESTART)``. May be
    repeated. Raises ``NotWithdrawableError``, ``UnreadableError``, ``ServerError``.
    """
    await keep(returning, peer)
    async with session(returning) as own, session(peer) as other, session(peer) as passing:
        return await withdrawing.withdraw(own, other, passing)


async def listed(
    server: Address, *, portal: int | None = None, after: int = 0, limit: int = 100
) -> list[dict[str, Any]]:
    """Return late changes in the order of their numbers, each with the row as it is at ``server`` now."""
    async with session(server) as open_session:
        return await deciding.listed(open_session, portal=portal, after=after, limit=limit)


async def apply(
    owner: Address, selection: Selection, guard: Guard, *, overwrite: bool = False
) -> Outcome:
    """Write changes at the owner of their portals, fenced; raises ``NotOwnerError``."""
    async with session(owner) as open_session:
        return await deciding.apply(open_session, selection, guard, overwrite=overwrite)


async def dismiss(owner: Address, selection: Selection, guard: Guard) -> Outcome:
    """Mark changes as not wanted; raises ``NotOwnerError``."""
    async with session(owner) as open_session:
        return await deciding.dismiss(open_session, selection, guard)
