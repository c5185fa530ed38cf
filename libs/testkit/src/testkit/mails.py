"""What the mail sink kept: each mail that was really sent over SMTP."""

import asyncio
import email
import email.policy
import re
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest

from kernel.settings import Settings

ARRIVES_WITHIN_SECONDS = 20
_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail."""

    message: EmailMessage

    @property
    def subject(self) -> str:
        """The decoded subject."""
        return str(self.message["subject"])

    @property
    def text(self) -> str:
        """The plain text part."""
        part = self.message.get_body(("plain",))
        assert part is not None
        return str(part.get_content())

    @property
    def link(self) -> str:
        """The first link in the text."""
        found = _LINK.search(self.text)
        assert found is not None, self.text
        return found.group()

    @property
    def language(self) -> str:
        """What the mail says of its language."""
        return str(self.message["content-language"])


class Mails:
    """The sink's folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def to(self, address: str, count: int) -> list[Mail]:
        """Return the mails to an address once there are ``count``, oldest first."""
        async with asyncio.timeout(ARRIVES_WITHIN_SECONDS):
            while len(found := self._to(address)) < count:
                await asyncio.sleep(0.1)
        return found

    async def one_to(self, address: str) -> Mail:
        """Return the one mail to an address; a second one is a failure."""
        found = await self.to(address, 1)
        assert len(found) == 1, [m.subject for m in found]
        return found[0]

    def _to(self, address: str) -> list[Mail]:
        # hidden while it is being written
        whole = sorted(p for p in self._folder.glob("*.eml") if not p.name.startswith("."))
        messages = (_read(p) for p in whole)
        return [Mail(m) for m in messages if address in str(m["to"])]


def _read(path: Path) -> EmailMessage:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


@pytest.fixture(scope="session")
def mails(settings: Settings) -> Mails:
    """The mails that the cluster sent."""
    return Mails(settings.var / "mail")
