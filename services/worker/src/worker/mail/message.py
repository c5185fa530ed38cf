"""Builds the MIME message. No value can add a header: the standard library refuses line breaks."""

from datetime import datetime
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy

import idna
from typing_extensions import override

from worker.mail.letters import Letter


class SubjectHeader(UnstructuredHeader, BaseHeader):
    """A subject that keeps its spaces.

    Where words with and without ASCII alternate, Python before 3.12.4 drops the space at a fold
    (gh-92081). Encoded as one piece there is nothing to drop.
    """

    @override
    def fold(self, *, policy: Policy) -> str:
        """Return the header as lines to send."""
        if self.isascii():
            return super().fold(policy=policy)
        encoded = Header(self, "utf-8", header_name=self.name).encode(linesep=policy.linesep)
        return f"{self.name}: {encoded}{policy.linesep}"


_headers = HeaderRegistry()
_headers.map_to_type("subject", SubjectHeader)
# 7bit: not every relay takes 8BITMIME, and none is worse off without it
POLICY = SMTP.clone(cte_type="7bit", header_factory=_headers)


class AddressError(Exception):
    """No mail can be sent to such an address."""


def build(letter: Letter, *, sender: str, to: str, message_id: str, at: datetime) -> EmailMessage:
    """Return the message; ``at`` is when it was asked for, so that a retry builds the same one."""
    message = EmailMessage(POLICY)
    message["From"] = sender
    message["To"] = _address(to)
    message["Subject"] = letter.subject
    message["Date"] = at
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation replies to us
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    message["Content-Language"] = (
        letter.locale
    )  # last: add_alternative moves it into the first part
    return message


def _address(text: str) -> Address:
    """Read one bare address; the domain may be in any script."""
    try:
        local, _, domain = text.rpartition("@")
        if not domain.isascii():
            domain = idna.encode(domain, uts46=True).decode()
        return Address(addr_spec=f"{local}@{domain}")
    except (ValueError, IndexError, MessageError):
        raise AddressError("not an address that mail can be sent to") from None
