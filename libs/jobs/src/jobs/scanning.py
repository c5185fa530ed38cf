"""What is due, has news, or was finished long ago: the only reads that see every portal's jobs.

They look and touch nothing. A database holds portals that the other datacentre serves, too, so whoever
scans filters by what it owns; pages go on behind whatever stands at the head, so a million jobs of
portals that nobody serves now delay the others by the time it takes to step over them.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, and_, bindparam, or_, select
from sqlalchemy.sql.elements import ColumnElement

from db.engine import Database
from db.journal import journal
from db.sessions import WriteSession, across_portals
from db.statements import Statement
from jobs import clock
from jobs.queue import JobId
from jobs.tables import jobs
from kernel.ids import PortalId

PAGE = 1000
KEPT_SECONDS = 30 * 86_400.0
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_NO_ENTRY = -1


@dataclass(frozen=True, slots=True)
class Found:
    """A job of some portal, and for how long what was asked has been true of it (if that is known)."""

    portal: PortalId
    job: JobId
    seconds: float
    kind: str


async def due(database: Database) -> AsyncIterator[Sequence[Found]]:
    """Go once through all jobs that a worker may take, those that wait longest first."""
    async for rows in _pages(database, _DUE, _BEGINNING, since=0):
        yield [_by_moment(row) for row in rows]


async def awake(database: Database) -> AsyncIterator[Sequence[Found]]:
    """Go once through all jobs that await news of their portal's journal, where there are some."""
    async for rows in _pages(database, _AWAKE, _NO_ENTRY):
        yield [Found(PortalId(portal), JobId(job), 0.0, kind) for _, portal, job, kind in rows]


async def expired(database: Database) -> AsyncIterator[Sequence[Found]]:
    """Go once through all jobs that were finished more than ``KEPT_SECONDS`` ago."""
    since = -clock.microseconds(KEPT_SECONDS)
    async for rows in _pages(database, _EXPIRED, _BEGINNING, since=since):
        yield [_by_moment(row) for row in rows]


async def remove_expired(session: WriteSession, job: JobId) -> None:
    """Delete one such job."""
    await session.change(_REMOVE, job=job, since=-clock.microseconds(KEPT_SECONDS))


def _behind(first: Column[Any]) -> ColumnElement[bool]:
    """Return the condition that a row stands behind the last one of the page before.

    The position is spelt out range by range: MariaDB finds its place in the index by that, and does not
    by a comparison of tuples.
    """
    same = first == bindparam("after")
    return or_(
        first > bindparam("after"),
        and_(same, jobs.c.portal_id > bindparam("after_portal")),
        and_(
            same,
            jobs.c.portal_id == bindparam("after_portal"),
            jobs.c.id > bindparam("after_job"),
        ),
    )


def _scan(moment: Column[datetime], reason: str) -> Statement:
    """Build one page of a walk along ``moment``; its rows are ``(moment, portal, job, kind, now)``."""
    return Statement(
        select(moment, jobs.c.portal_id, jobs.c.id, jobs.c.kind, clock.NOW)
        .where(moment <= clock.in_microseconds("since"), _behind(moment))
        .order_by(moment, jobs.c.portal_id, jobs.c.id)
        .limit(bindparam("limit")),
        across_portals=reason,
    )


_DUE = _scan(
    jobs.c.due_at, "a worker learns which portals have work before it opens a session of one"
)
_EXPIRED = _scan(jobs.c.finished_at, "retention learns which portals have old jobs")
# One step down the journal's key for each job that sleeps. It may not see an entry that has an earlier
# number and is committed later; whoever is woken reads with a lock and waits for that one (db.journal).
_NEWEST = (
    select(journal.c.id)
    .where(journal.c.portal_id == jobs.c.portal_id)
    .order_by(journal.c.id.desc())
    .limit(1)
    .correlate(jobs)
    .scalar_subquery()
)
_AWAKE = Statement(
    select(jobs.c.awaits, jobs.c.portal_id, jobs.c.id, jobs.c.kind)
    .where(_behind(jobs.c.awaits), jobs.c.claimed_by.is_(None), jobs.c.awaits < _NEWEST)
    .order_by(jobs.c.awaits, jobs.c.portal_id, jobs.c.id)
    .limit(bindparam("limit")),
    across_portals="a worker learns which portals' journals went on before it opens a session of one",
)
_REMOVE = Statement(
    jobs.delete().where(
        jobs.c.portal_id == bindparam("portal_id"),
        jobs.c.id == bindparam("job"),
        jobs.c.finished_at <= clock.in_microseconds("since"),
    )
)


async def _pages(
    database: Database, statement: Statement, after: Any, **values: Any
) -> AsyncIterator[Sequence[Sequence[Any]]]:
    portal, job = 0, 0
    while True:
        position = {"after": after, "after_portal": portal, "after_job": job}
        rows = await across_portals(database, statement, **position, **values, limit=PAGE)
        yield rows
        if len(rows) < PAGE:
            return
        after, portal, job, *_ = rows[-1]


def _by_moment(row: Sequence[Any]) -> Found:
    moment, portal, job, kind, now = row
    return Found(PortalId(portal), JobId(job), (now - moment).total_seconds(), kind)
