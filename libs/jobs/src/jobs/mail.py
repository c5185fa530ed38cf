"""A mail to be sent: the payload that the rest of the product writes and the worker reads."""

from pydantic import BaseModel, ConfigDict, Field

from db.sessions import WriteSession
from jobs import queue
from jobs.queue import JobId

KIND = "mail.send"
# With waits of up to 15 minutes most of a day: a mail server may be down overnight.
MAX_ATTEMPTS = 100


class Mail(BaseModel):
    """A template with its values. The values may hold a link with a token: they are never shown."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    template: str
    to: str
    locale: str
    values: dict[str, str] = Field(repr=False)


async def send_later(session: WriteSession, mail: Mail, *, unique_key: str | None = None) -> JobId:
    """Send the mail once this transaction has committed, and never if it does not.

    What the mail was made from is forgotten when it has been sent or given up.
    """
    return await queue.enqueue(
        session, KIND, mail.model_dump(), unique_key=unique_key, max_attempts=MAX_ATTEMPTS
    )
