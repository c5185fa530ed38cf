"""What the relay says decides: about this mail, or about the relay."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from jobs.mail import Mail
from jobs.outcomes import Done, Failed, Retry
from testkit import addresses
from worker.mail import delivery, letters, message
from worker.mail.delivery import Relay

from .mail_server import PORT, MailServer

LINK = "https://acme.portico.localhost/x/t0ken"


@pytest.fixture
def letter() -> EmailMessage:
    values = {"company": "ООО «Ромашка»", "link": LINK, "first_name": ""}
    mail = Mail(template="confirmation", to="anna@example.org", locale="ru", values=values)
    return message.build(
        letters.render(mail),
        sender="Portico <no-reply@portico.localhost>",
        to=mail.to,
        message_id="<job-7.portal-9@portico.localhost>",
        at=datetime.now(tz=UTC),
    )


@pytest.fixture
def relay(mail_server: MailServer) -> Relay:
    return Relay(mail_server.host, mail_server.port, starttls=False, greets_as="portico.localhost")


async def test_an_accepted_mail_is_done(
    relay: Relay, mail_server: MailServer, letter: EmailMessage
) -> None:
    assert await relay.deliver(letter) == Done()
    (received,) = mail_server.received
    assert received["Message-ID"] == letter["Message-ID"]


async def test_a_mail_refused_for_now_is_tried_again(
    relay: Relay, mail_server: MailServer, letter: EmailMessage
) -> None:
    mail_server.answers.append("451 4.7.1 greylisted")
    assert await relay.deliver(letter) == Retry("451 4.7.1 greylisted")


async def test_an_unknown_mailbox_is_final(
    relay: Relay, mail_server: MailServer, letter: EmailMessage
) -> None:
    mail_server.recipient_answers.append("550 5.1.1 mailbox unknown")
    assert await relay.deliver(letter) == Failed("550 5.1.1 mailbox unknown")


async def test_a_full_mailbox_is_not_final(
    relay: Relay, mail_server: MailServer, letter: EmailMessage
) -> None:
    mail_server.recipient_answers.append("452 4.2.2 mailbox full")
    assert await relay.deliver(letter) == Retry("452 4.2.2 mailbox full")


async def test_a_filter_that_quotes_the_link_does_not_spread_it(
    relay: Relay, mail_server: MailServer, letter: EmailMessage
) -> None:
    mail_server.answers.append(f"554 5.7.1 no <{LINK}> here")
    assert await relay.deliver(letter) == Failed("554 5.7.1 no <link> here")


async def test_a_relay_that_is_down_is_tried_again(letter: EmailMessage) -> None:
    nobody = Relay(addresses.private(1)[0], PORT, starttls=False, greets_as="portico.localhost")
    outcome = await nobody.deliver(letter)
    assert outcome == Retry("the mail relay cannot be used: SMTPConnectError")


async def test_a_relay_that_says_nothing_is_not_waited_for_long(
    letter: EmailMessage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "ANSWER_SECONDS", 0.3)
    silent = Relay(addresses.private(1)[0], PORT, starttls=False, greets_as="portico.localhost")

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(say_nothing, silent.host, silent.port):
        async with asyncio.timeout(20):
            outcome = await silent.deliver(letter)

    assert isinstance(outcome, Retry)


async def test_where_encryption_is_required_nothing_is_sent_in_the_clear(
    relay: Relay, mail_server: MailServer, letter: EmailMessage
) -> None:
    outcome = await replace(relay, starttls=True).deliver(letter)
    assert isinstance(outcome, Retry)
    assert mail_server.received == []
