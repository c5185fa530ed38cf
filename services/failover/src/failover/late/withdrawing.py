"""Brings a returning server back to what it has in common with its peer (ADR 0019).

Its late rows are undone on it alone, from the last one to the first, by the images of its own log. Then
both servers count the late transactions as passed: the peer is told that it need not receive them, and
logs an empty transaction under the number of the last one. No number ever stands for two things, no log is
thrown away, and nothing late is ever replicated.

Killed anywhere it is simply repeated: what is undone is marked in the same transaction, and the peer skips
the late ones before it says so, so until the end the rejoin still counts them and stands.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from failover.compare.positions import by_domain, logged, number
from failover.database.session import Session
from failover.late import shelf
from failover.late.images import present, replace
from failover.late.keeping import late_domains
from failover.late.shelf import Kept, State

_PAGE = 200


class NotWithdrawableError(Exception):
    """It cannot be withdrawn, or not now; the sentence says why. Nothing was done, or it may be repeated."""


@dataclass(slots=True)
class Withdrawal:
    """How many rows were undone, and how many were left since they are not as the late change left them.

    Replication has overwritten those since, or nobody knows: the comparison tells.
    """

    undone: int = 0
    left: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return it for people."""
        return asdict(self)


async def withdraw(own: Session, peer: Session, passing: Session) -> Withdrawal:
    """Undo everything late, all of it kept, on ``own`` and make the positions of both servers agree.

    ``own`` is the returning server, ``passing`` a second session to the peer. Neither session is of use
    for anything else afterwards. Raises ``NotWithdrawableError``.
    """
    await _require_standing(own, peer)
    withdrawal = Withdrawal()
    have = await logged(own)
    late = late_domains(have, await logged(peer))
    if not late:
        return withdrawal
    await _require_rows(peer, late)
    await own.change("SET SESSION sql_log_bin = 0")
    async for page in shelf.latest_first(peer, late, _PAGE):
        await _undo(own, page, withdrawal)
    await _pass_over(peer, passing, {domain: have[domain] for domain in late})
    return withdrawal


async def _require_standing(own: Session, peer: Session) -> None:
    """Nothing may be applied on the returning server, nor received at its peer, meanwhile."""
    read_only = await own.row("SELECT @@GLOBAL.read_only")
    if read_only != (1,):
        raise NotWithdrawableError("the returning server takes writes")
    if any(thread != "No" for thread in (await _replica(own))[:2]):
        raise NotWithdrawableError("the returning server replicates")
    receiver, _, received = await _replica(peer)
    if receiver != "No":
        raise NotWithdrawableError("its peer receives from it")
    if late_domains(by_domain(received), await _passed(peer)):
        raise NotWithdrawableError("its peer has not applied all it had received")


async def _replica(session: Session) -> tuple[str, str, str]:
    """Return whether receiver and applier run, and what was received."""
    status = await session.named_row("SHOW SLAVE STATUS")
    if status is None:
        return "No", "No", ""
    return status["Slave_IO_Running"], status["Slave_SQL_Running"], status["Gtid_IO_Pos"]


async def _require_rows(peer: Session, late: Mapping[int, int]) -> None:
    """A schema change has no images to undo it by; somebody has to, and says so by dismissing it."""
    async for page in shelf.latest_first(peer, late, _PAGE):
        for kept in page:
            if kept.statement is not None and kept.state is not State.DISMISSED:
                raise NotWithdrawableError(
                    f"late change {kept.number} is no change of rows: undo it by hand on the returning"
                    " server, with sql_log_bin=0, and dismiss it; or clone the server anew"
                )


async def _undo(own: Session, page: Sequence[Kept], withdrawal: Withdrawal) -> None:
    """Undo some changes, in this order, and mark them as undone at once."""
    places = ", ".join(["%s"] * len(page))
    async with own.transaction():
        marks = await own.rows(
            f"SELECT number FROM portico_fence.withdrawn WHERE number IN ({places})",  # noqa: S608
            [kept.number for kept in page],
        )
        undone = {number for (number,) in marks}
        new = [kept for kept in page if kept.number not in undone]
        for kept in new:
            if kept.statement is None:
                await _undo_row(own, kept, withdrawal)
        await own.change_many(
            "INSERT INTO portico_fence.withdrawn (number) VALUES (%s)",
            [(kept.number,) for kept in new],
        )


async def _undo_row(own: Session, kept: Kept, withdrawal: Withdrawal) -> None:
    key = kept.key_after
    now = await present(own, kept.qualified, key, kept.columns, locked=True)
    if now == kept.after:
        await replace(own, kept.qualified, key, now, kept.before)
        withdrawal.undone += 1
    else:
        withdrawal.left += 1


async def _pass_over(peer: Session, passing: Session, late: Mapping[int, str]) -> None:
    """Let the peer count the late transactions as passed: first not receive them, then say so."""
    position = _furthest(await _passed(peer), late)
    # Nothing is received any more and all of it was applied: this throws nothing away
    await peer.change("STOP SLAVE SQL_THREAD")
    await peer.change("SET GLOBAL gtid_slave_pos = %s", (",".join(position.values()),))
    for gtid in late.values():
        await _log_nothing(passing, gtid)
    await peer.change("START SLAVE SQL_THREAD")


async def _passed(peer: Session) -> dict[int, str]:
    """Return everything that the peer has applied or written."""
    row = await peer.row("SELECT @@GLOBAL.gtid_slave_pos")
    return _furthest(by_domain(row[0] if row else ""), await logged(peer))


async def _log_nothing(passing: Session, gtid: str) -> None:
    """Log a transaction without contents under the number of another server's.

    A statement that finds no row leaves a trace in the log only when it is logged as a statement, and
    that needs this isolation.
    """
    domain, server, sequence = (int(part) for part in gtid.split("-"))
    await passing.change(
        "SET SESSION binlog_format = 'STATEMENT', tx_isolation = 'REPEATABLE-READ',"
        " gtid_domain_id = %s, server_id = %s, gtid_seq_no = %s",
        (domain, server, sequence),
    )
    await passing.change("DELETE FROM portico_fence.withdrawn WHERE number = 0")


def _furthest(*positions: Mapping[int, str]) -> dict[int, str]:
    """Return the later GTID of each domain."""
    furthest: dict[int, str] = {}
    for position in positions:
        for domain, gtid in position.items():
            if domain not in furthest or number(gtid) > number(furthest[domain]):
                furthest[domain] = gtid
    return furthest
