"""A mail server that keeps what it gets, and answers as a test wants it to."""

import asyncio
from collections import deque
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP

PORT = 12525


class MailServer:
    """Real SMTP. ``answers`` are given to the next messages, then each is accepted."""

    def __init__(self, host: str, port: int = PORT) -> None:
        self.host, self.port = host, port
        self.received: list[EmailMessage] = []
        self.answers: deque[str] = deque()
        self.recipient_answers: deque[str] = deque()
        self._arrived = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self, hostname="mail.example", loop=loop), self.host, self.port
        )

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def mails(self, count: int, seconds: float = 60.0) -> list[EmailMessage]:
        """Wait for so many mails."""
        async with asyncio.timeout(seconds):
            while len(self.received) < count:
                self._arrived.clear()
                await self._arrived.wait()
        return self.received

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.recipient_answers:
            return self.recipient_answers.popleft()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        if self.answers:
            return self.answers.popleft()
        self.received.append(message_from_bytes(envelope.content, policy=policy.default))
        self._arrived.set()
        return "250 OK"
