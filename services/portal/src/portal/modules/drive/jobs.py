"""The jobs of the drive. Each step is bounded, and may be done twice or by two nodes at once."""

from blobs.uploads import UploadId as Handle
from jobs.outcomes import Again, Done, Outcome
from jobs.queue import Job
from portal.context import RequestContext
from portal.modules.drive import wiring
from portal.unit import transaction


async def erase(context: RequestContext, job: Job) -> Outcome:
    """Remove the contents of a file that was deleted, or of an upload that was given up."""
    key, handle = job.payload["key"], job.payload["handle"]
    async with context.reading() as session:
        bucket = await wiring.bucket_of(context.resources, session)
    if handle is not None:
        await bucket.upload(key, Handle(handle)).abort()
    await bucket.delete(key)
    return Done()


async def sweep(context: RequestContext, job: Job) -> Outcome:
    """Look for what crashes have left; go on daily as long as the drive is in use."""
    now = context.now()
    async with context.reading() as session:
        bucket = await wiring.bucket_of(context.resources, session)
        swept = await wiring.storage(session).swept()
    progress = await wiring.sweep(context, bucket).step(swept.to, now)
    due_at = await transaction(context, lambda s: wiring.note_sweep(s, progress, now))
    return Done() if due_at is None else Again((due_at - now).total_seconds())


STEPS = {wiring.ERASE: erase, wiring.SWEEP: sweep}
