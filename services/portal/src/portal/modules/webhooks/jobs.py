"""The jobs of webhooks: one for each event handler that is on. A step is one turn of it."""

from functools import partial

from jobs import deliveries
from jobs.outcomes import Done, Outcome
from jobs.queue import Job
from portal.context import RequestContext
from portal.modules.webhooks.contracts import HandlerId
from portal.modules.webhooks.wiring import events as wiring
from portal.unit import transaction


async def deliver(context: RequestContext, job: Job) -> Outcome:
    """Tell one handler what there is to tell; then sleep until the journal goes on, or a try is due."""
    loaded = await wiring.load(context, HandlerId(job.payload["receiver"]), job.id)
    if loaded is None:
        return Done()
    told = await wiring.tell(context, loaded)
    return await transaction(context, partial(wiring.record, loaded, told))


STEPS = {deliveries.KIND: deliver}
