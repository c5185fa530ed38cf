"""Deliveries to servers of strangers: steps that mostly wait, and must not keep other work waiting.

A job of this kind never ends while its receiver is wanted: between its turns it awaits news of the journal.
"""

from db.sessions import WriteSession
from jobs import queue
from jobs.queue import JobId

KIND = "webhooks.deliver"
# It fails only if no web node takes its steps; however long that lasts, it goes on afterwards
MAX_ATTEMPTS = 1_000_000


async def begin(session: WriteSession, receiver: int) -> JobId:
    """Begin to deliver once this transaction has committed; ``receiver`` is the module's own number."""
    payload = {"receiver": receiver}
    return await queue.enqueue(session, KIND, payload, max_attempts=MAX_ATTEMPTS)
