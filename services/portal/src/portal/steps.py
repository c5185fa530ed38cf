"""One bounded step of a job, asked for by a worker (docs/adr/0002): generic; modules say what a step is.

A step writes its effects and its progress in transactions of its own and takes a few seconds at most. It
may be asked for twice, because an answer was lost, and by two workers at once, because a lease ran out.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel

from db.errors import StaleRouteError
from jobs import queue
from jobs.outcomes import Again, Dead, Done, Failed, Outcome, Retry
from jobs.queue import Job, JobId
from jobs.tables import State
from kernel.errors import NotFoundError, UnavailableError
from kernel.ids import PortalId
from portal import errands
from portal.context import RequestContext
from portal.unit import PortalMovingError
from telemetry.logs import bound

router = APIRouter(prefix="/internal/jobs", include_in_schema=False)

Step = Callable[[RequestContext, Job], Awaitable[Outcome]]
Steps = Mapping[str, Step]


class StepOut(BaseModel):
    """How the step ended; ``retry_after`` is in seconds, ``awaits`` an entry of the journal."""

    state: Literal["again", "done", "failed"]
    retry_after: float = 0.0
    awaits: int | None = None
    error: str = ""

    @classmethod
    def of(cls, outcome: Outcome) -> "StepOut":
        """Map the outcome to the wire."""
        match outcome:
            case Again(after_seconds, awaits):
                return cls(state="again", retry_after=after_seconds, awaits=awaits)
            case Done():
                return cls(state="done")
            case Failed(error) | Dead(error):
                return cls(state="failed", error=error)
            case Retry():
                raise UnavailableError  # the worker counts the attempt


@router.post("/{portal}/{job}/step")
async def take_step(portal: PortalId, job: JobId, request: Request) -> StepOut:
    """Do one step of a job of a portal that this datacentre serves."""
    context = errands.context_of(request, portal)
    with bound(portal=portal, job=job):
        try:
            return StepOut.of(await _step(context, job, request.app.state.steps))
        except StaleRouteError:
            raise PortalMovingError from None


async def _step(context: RequestContext, job_id: JobId, steps: Steps) -> Outcome:
    async with context.reading() as session:
        job = await queue.find(session, job_id)
    if job is None:
        raise NotFoundError
    if job.state not in {State.QUEUED, State.RUNNING}:
        return Done()
    step = steps.get(job.kind)
    if step is None:
        raise UnavailableError  # a node of the next version may know it
    return await step(context, job)
