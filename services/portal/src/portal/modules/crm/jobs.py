"""The jobs of the CRM. Each step is bounded, and may be done twice or by two nodes at once."""

from jobs.outcomes import Outcome
from jobs.queue import Job
from portal.context import RequestContext
from portal.modules.crm.wiring import imports


async def import_leads(context: RequestContext, job: Job) -> Outcome:
    """Take an import of leads further."""
    step = await imports.import_step(context, job)
    return await step.take()


STEPS = {imports.KIND: import_leads}
