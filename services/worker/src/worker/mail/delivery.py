"""Hands messages to the mail relay, and reads its answer.

A relay's verdict on the message (4xx, 5xx to sender, recipient or content) is about this mail. Whatever
else goes wrong is about the relay or the way to it, and passes.
"""

import re
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Self

import aiosmtplib
from aiosmtplib import (
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
)

from jobs.outcomes import Done, Failed, Outcome, Retry
from kernel.settings import Settings

ANSWER_SECONDS = 10.0  # for each answer; the whole delivery is bounded by the turn
_PERMANENT = 500
_LINK = re.compile(r"\S+://\S+")


@dataclass(frozen=True, slots=True)
class Relay:
    """A mail server that takes our mails. ``greets_as`` is our name in EHLO."""

    host: str
    port: int
    starttls: bool
    greets_as: str

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the relay of the installation."""
        host = settings.site(settings.shared_site).address
        return cls(host, settings.ports.smtp, settings.smtp_starttls, settings.base_domain)

    async def deliver(self, message: EmailMessage) -> Outcome:
        """Send one message to its ``To``."""
        try:
            await aiosmtplib.send(
                message,
                hostname=self.host,
                port=self.port,
                start_tls=self.starttls,
                local_hostname=self.greets_as,  # else it asks the resolver, which may hang
                timeout=ANSWER_SECONDS,
            )
        except SMTPRecipientsRefused as error:
            return _verdict(error.recipients[0])
        except (SMTPSenderRefused, SMTPRecipientRefused, SMTPDataError) as error:
            return _verdict(error)
        except (SMTPException, OSError) as error:
            return Retry(f"the mail relay cannot be used: {type(error).__name__}")
        return Done()


def _verdict(error: SMTPSenderRefused | SMTPRecipientRefused | SMTPDataError) -> Outcome:
    # a content filter may quote the link it dislikes, and the link holds a token
    reason = f"{error.code} {_LINK.sub('<link>', error.message)}"
    return Failed(reason) if error.code >= _PERMANENT else Retry(reason)
