"""What is due, and what has been finished long enough: the only reads that see every portal's jobs.

They look and touch nothing. A database holds portals that the other datacentre serves, too, so whoever
scans filters by what it owns; pages go on behind whatever stands at the head, so a million jobs of
portals that nobody serves now delay the others by the time it takes to step over them.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Column, and_, bindparam, or_, select

from db.engine import Database
from db.sessions import WriteSession, across_portals
from db.statements import Statement
from jobs import clock
from jobs.queue import JobId
from jobs.tables import jobs
from kernel.ids import PortalId

PAGE = 1000
KEPT_SECONDS = 30 * 86_400.0
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Found:
    """A job of some portal, and for how long what was asked has been true of it."""

    portal: PortalId
    job: JobId
    seconds: float


def due(database: Database) -> AsyncIterator[Sequence[Found]]:
    """Go once through all jobs that a worker may take, those that wait longest first."""
    return _pages(database, _DUE, 0.0)


def expired(database: Database) -> AsyncIterator[Sequence[Found]]:
    """Go once through all jobs that were finished more than ``KEPT_SECONDS`` ago."""
    return _pages(database, _EXPIRED, KEPT_SECONDS)


async def remove_expired(session: WriteSession, job: JobId) -> None:
    """Delete one such job."""
    await session.change(_REMOVE, job=job, since=-clock.microseconds(KEPT_SECONDS))


def _scan(moment: Column[datetime], reason: str) -> Statement:
    """Build one page of a walk along ``moment``; its rows are ``(moment, portal, job, now)``.

    The position is spelt out range by range: MariaDB finds its place in the index by that, and does not
    by a comparison of tuples.
    """
    same_moment = moment == bindparam("after")
    position = or_(
        moment > bindparam("after"),
        and_(same_moment, jobs.c.portal_id > bindparam("after_portal")),
        and_(
            same_moment,
            jobs.c.portal_id == bindparam("after_portal"),
            jobs.c.id > bindparam("after_job"),
        ),
    )
    return Statement(
        select(moment, jobs.c.portal_id, jobs.c.id, clock.NOW)
        .where(moment <= clock.in_microseconds("since"), position)
        .order_by(moment, jobs.c.portal_id, jobs.c.id)
        .limit(bindparam("limit")),
        across_portals=reason,
    )


_DUE = _scan(
    jobs.c.due_at, "a worker learns which portals have work before it opens a session of one"
)
_EXPIRED = _scan(jobs.c.finished_at, "retention learns which portals have old jobs")
_REMOVE = Statement(
    jobs.delete().where(
        jobs.c.portal_id == bindparam("portal_id"),
        jobs.c.id == bindparam("job"),
        jobs.c.finished_at <= clock.in_microseconds("since"),
    )
)


async def _pages(
    database: Database, statement: Statement, age_seconds: float
) -> AsyncIterator[Sequence[Found]]:
    since = -clock.microseconds(age_seconds)
    after, portal, job = _BEGINNING, 0, 0
    while True:
        values = {"after": after, "after_portal": portal, "after_job": job}
        rows = await across_portals(database, statement, **values, since=since, limit=PAGE)
        yield [Found(PortalId(p), JobId(j), (now - at).total_seconds()) for at, p, j, now in rows]
        if len(rows) < PAGE:
            return
        after, portal, job, _ = rows[-1]
