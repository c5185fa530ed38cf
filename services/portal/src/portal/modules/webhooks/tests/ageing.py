"""What the tests of events make look old, so that they need not wait for it."""

from sqlalchemy import bindparam, update

from db.statements import Statement
from jobs.tables import jobs
from portal.modules.webhooks.domain import patience
from portal.modules.webhooks.tables import event_deliveries, event_handlers

_OF_HANDLER = (
    event_deliveries.c.portal_id == bindparam("portal_id"),
    event_deliveries.c.handler_id == bindparam("handler"),
)
LAST_TRY = Statement(
    update(event_deliveries)
    .where(*_OF_HANDLER)
    .values(tries=patience.TRIES - 1, due_at=bindparam("at"))
)
DUE = Statement(update(event_deliveries).where(*_OF_HANDLER).values(due_at=bindparam("at")))
LEASE_OVER = Statement(
    update(jobs)
    .where(jobs.c.portal_id == bindparam("portal_id"), jobs.c.claimed_by.is_not(None))
    .values(due_at=bindparam("at"))
)
DAYS_AGO = Statement(
    update(event_handlers)
    .where(
        event_handlers.c.portal_id == bindparam("portal_id"),
        event_handlers.c.id == bindparam("handler"),
    )
    .values(failing_since=bindparam("at"), failed_tries=patience.OFF_AFTER_TRIES)
)
