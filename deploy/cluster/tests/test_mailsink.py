"""The mail sink speaks SMTP and keeps what it accepted."""

import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path

import pytest

from testkit import addresses

PORT = 2525


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[str]:
    (host,) = addresses.private(1)
    words = [sys.executable, "-m", "cluster.mailsink", host, str(PORT), str(tmp_path)]
    with subprocess.Popen(words) as server:
        yield host
        server.terminate()
        assert server.wait(30) == 0


def test_a_mail_is_kept_whole_with_its_envelope(sink: str, tmp_path: Path) -> None:
    mail = EmailMessage()
    mail["Subject"] = "Добро пожаловать"
    mail["From"] = "portico@portico.localhost"
    mail["To"] = "Анна <anna@acme.example>"
    mail.set_content("Здравствуйте!\n.\n")

    with _connected(sink) as client:
        client.send_message(mail, to_addrs=["anna@acme.example", "second@acme.example"])

    (file,) = tmp_path.glob("*.eml")
    kept = message_from_bytes(file.read_bytes())
    assert kept["X-Envelope-From"] == "portico@portico.localhost"
    assert kept.get_all("X-Envelope-To") == ["anna@acme.example", "second@acme.example"]
    assert kept.get_payload(decode=True) == "Здравствуйте!\r\n.\r\n".encode()


def test_a_mail_without_end_is_refused(sink: str, tmp_path: Path) -> None:
    with _connected(sink) as client, pytest.raises(smtplib.SMTPException):
        client.sendmail("a@a.example", ["b@b.example"], b"x" * (33 * 2**20))

    assert not list(tmp_path.glob("*.eml"))


def _connected(host: str) -> smtplib.SMTP:
    deadline = time.monotonic() + 30
    while True:
        try:
            return smtplib.SMTP(host, PORT, timeout=30)
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
