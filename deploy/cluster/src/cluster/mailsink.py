"""A mail server that keeps what it gets: ``python -m cluster.mailsink HOST PORT FOLDER``.

Each mail is one ``.eml`` file, whole or not there; the names sort by the time of arrival. The envelope
stands in ``X-Envelope-From`` and ``X-Envelope-To`` above the mail itself.
"""

import asyncio
import os
import secrets
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

MAX_MAIL_BYTES = 32 * 2**20
IDLE_SECONDS = 60.0


class Keeper:
    """Writes each accepted mail to a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(  # noqa: N802  # the name aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep the mail, then accept it: what was answered 250 is on the disk."""
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(4)}.eml"
        await asyncio.to_thread(self._keep, name, envelope)
        return f"250 kept as {name}"

    def _keep(self, name: str, envelope: Envelope) -> None:
        headers = [f"X-Envelope-From: {envelope.mail_from}"]
        headers += [f"X-Envelope-To: {recipient}" for recipient in envelope.rcpt_tos]
        content = envelope.original_content or b""
        fresh = self._folder / f".{name}"
        with fresh.open("wb") as file:
            file.write("\r\n".join([*headers, ""]).encode() + content)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(self._folder / name)


async def serve(host: str, port: int, folder: Path) -> None:
    """Serve until SIGTERM, keeping mails in the folder, which exists."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, stop.set)

    def session() -> SMTP:
        keeper = Keeper(folder)
        return SMTP(
            keeper, data_size_limit=MAX_MAIL_BYTES, timeout=IDLE_SECONDS, enable_SMTPUTF8=True
        )

    async with await loop.create_server(session, host, port):
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
