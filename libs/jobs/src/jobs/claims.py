"""Taking a job for a while, and saying how the turn ended: fenced writes of the job's portal.

A claim is a lease: for ``LEASE_SECONDS`` the job is nobody else's, and when its holder has died the job
is simply due again. There is no heartbeat that could keep a stuck job from others: a turn is bounded to
less than a lease by whoever runs it, and long work consists of many turns.

Because claiming is an ordinary fenced transaction of the portal, a worker with a stale route, or in a
datacentre that lost the portal, cannot take its jobs.
"""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, bindparam, case, func, null, or_, select, update

from db.sessions import WriteSession
from db.statements import Statement
from jobs import clock
from jobs.outcomes import Again, Dead, Done, Failed, Outcome, Retry, backoff_seconds
from jobs.queue import JobId
from jobs.tables import ERROR_LENGTH, State, jobs
from kernel.ids import PortalId

LEASE_SECONDS = 60.0
_NO_PAYLOAD = "{}"

_MINE = (jobs.c.portal_id == bindparam("portal_id"), jobs.c.id == bindparam("job"))
_HELD = (*_MINE, jobs.c.claimed_by == bindparam("holder"))

# Whoever awaits news and is claimed by nobody may be taken: a scan has seen some. If it is old, the turn
# finds nothing to do.
_TAKEABLE = or_(
    jobs.c.due_at <= clock.NOW, and_(jobs.c.awaits.is_not(None), jobs.c.claimed_by.is_(None))
)

CLAIM = Statement(
    update(jobs)
    .where(*_MINE, _TAKEABLE)
    .values(
        state=State.RUNNING,
        claimed_by=bindparam("holder_after"),
        due_at=clock.in_microseconds("lease"),
        awaits=null(),
        attempts=jobs.c.attempts + 1,
    )
)
CLAIMED = Statement(
    select(
        jobs.c.kind, jobs.c.payload, jobs.c.attempts, jobs.c.max_attempts, jobs.c.created_at
    ).where(*_MINE)
)
PAUSE = Statement(
    update(jobs)
    .where(*_HELD)
    .values(
        state=bindparam("state_after"),
        claimed_by=null(),
        due_at=clock.in_microseconds("wait"),
        # written since it was claimed: somebody woke it, and it must not sleep over that
        awaits=func.coalesce(jobs.c.awaits, bindparam("news")),
        attempts=bindparam("attempts_after"),
        error=bindparam("error"),
    )
)
FINISH = Statement(
    update(jobs)
    .where(*_HELD)
    .values(
        state=bindparam("state_after"),
        claimed_by=null(),
        due_at=null(),
        awaits=null(),
        error=bindparam("error"),
        payload=case((bindparam("forget"), _NO_PAYLOAD), else_=jobs.c.payload),
        finished_at=clock.NOW,
    )
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that is ours until the lease ends.

    ``payload`` is JSON as it was written: making sense of it is part of the turn. It may hold secrets
    and is not shown by ``repr``.
    """

    portal: PortalId
    job: JobId
    holder: str
    kind: str
    payload: str = field(repr=False)
    attempts: int
    max_attempts: int
    created_at: datetime


async def claim(session: WriteSession, job: JobId, holder: str) -> Claim | None:
    """Take the job if it is still due; ``None`` if somebody else was first.

    ``holder`` names this claim and no other: it proves later that the job is still ours.
    """
    lease = clock.microseconds(LEASE_SECONDS)
    if not await session.change(CLAIM, job=job, holder_after=holder, lease=lease):
        return None
    row = await session.first(CLAIMED, job=job)
    assert row is not None  # noqa: S101  # this transaction has just locked it
    return Claim(session.portal, job, holder, *row)


async def settle(
    session: WriteSession, claim: Claim, outcome: Outcome, *, forget_payload: bool = False
) -> State | None:
    """Write how the turn ended; return the new state, or ``None`` if the job is no longer ours.

    ``forget_payload``: once finished, keep nothing of what it was made from (it held secrets).
    """
    match outcome:
        case Again(after_seconds, awaits):
            return await _pause(session, claim, State.RUNNING, after_seconds, awaits=awaits)
        case Retry(error) if claim.attempts < claim.max_attempts:
            wait = backoff_seconds(claim.attempts)
            return await _pause(session, claim, State.QUEUED, wait, error=error)
        case Done():
            return await _finish(session, claim, State.DONE, None, forget=forget_payload)
        case Failed(error):
            return await _finish(session, claim, State.FAILED, error, forget=forget_payload)
        case Retry(error) | Dead(error):
            return await _finish(session, claim, State.DEAD, error, forget=forget_payload)


async def _pause(
    session: WriteSession,
    claim: Claim,
    state: State,
    wait: float,
    *,
    error: str | None = None,
    awaits: int | None = None,
) -> State | None:
    found = await session.change(
        PAUSE,
        job=claim.job,
        holder=claim.holder,
        state_after=state,
        wait=clock.microseconds(wait),
        news=awaits,
        attempts_after=claim.attempts if state is State.QUEUED else 0,
        error=error and error[:ERROR_LENGTH],
    )
    return state if found else None


async def _finish(
    session: WriteSession, claim: Claim, state: State, error: str | None, *, forget: bool
) -> State | None:
    found = await session.change(
        FINISH,
        job=claim.job,
        holder=claim.holder,
        state_after=state,
        error=error and error[:ERROR_LENGTH],
        forget=forget,
    )
    return state if found else None
