"""Positions in the replication of both servers: what one has, and waiting until the other has it too."""

from failover.database.session import ServerError, Session

WAIT_SECONDS = 20.0


class BehindError(Exception):
    """A server does not get where the other one was: its applier is slow or stands."""


async def logged(session: Session) -> dict[int, str]:
    """Return everything the server has committed: the last GTID per domain."""
    row = await session.row("SELECT @@GLOBAL.gtid_binlog_pos")
    return by_domain(row[0] if row else "")


def by_domain(gtids: str) -> dict[int, str]:
    """Split ``domain-server-number,...``."""
    return {int(gtid.split("-", 1)[0]): gtid for gtid in gtids.split(",") if gtid}


def number(gtid: str) -> int:
    """Return the sequence number of a GTID."""
    return int(gtid.rsplit("-", 1)[1])


async def wait_until_applied(session: Session, position: dict[int, str]) -> None:
    """Wait until the server shows all of ``position``, or raise ``BehindError``."""
    row = await session.row("SELECT @@GLOBAL.gtid_domain_id")
    own = int(row[0]) if row else 0
    there = await logged(session)
    # What it wrote itself it need not apply, unless it forgot it at a safe start and gets it back
    wanted = [
        gtid
        for domain, gtid in position.items()
        if domain != own or domain not in there or number(there[domain]) < number(gtid)
    ]
    waited = await session.row("SELECT MASTER_GTID_WAIT(%s, %s)", (",".join(wanted), WAIT_SECONDS))
    if waited is None or waited[0] != 0:
        raise BehindError(f"position {','.join(wanted)} was not reached within {WAIT_SECONDS:g} s")


async def catch_up(session: Session, other: Session) -> None:
    """Wait until ``session`` shows everything that ``other`` has committed by now."""
    try:
        await wait_until_applied(session, await logged(other))
    except ServerError as error:
        raise BehindError(str(error)) from error
