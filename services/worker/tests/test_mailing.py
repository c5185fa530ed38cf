"""A mail is sent once its transaction has committed, and what becomes of it is known."""

import pytest

from db.engine import Database
from db.sessions import Ownership, writing
from jobs import claims, mail, queue
from jobs.mail import Mail
from jobs.outcomes import Done
from jobs.queue import JobId
from jobs.tables import State
from kernel.settings import Settings
from worker.mail.delivery import Relay
from worker.mail.handler import MailHandler
from worker.runner import Handler

from .deadlines import until
from .mail_server import MailServer
from .workers import ended, find, working

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("impatient")]

LINK = "https://romashka.portico.localhost/api/v1/confirmations/t0ken"


async def test_a_mail_is_delivered_once_the_relay_is_back_under_its_first_message_id(
    database: Database, portal: Ownership, settings: Settings, mail_server: MailServer
) -> None:
    await mail_server.stop()
    job = await send_later(database, portal)

    async with working(database, portal, handlers=mailing(settings, mail_server)):
        await until(lambda: attempted(database, portal, job, 2))
        await mail_server.start()
        mail_server.answers.extend(["451 not yet", "452 nor now"])
        (received,) = await mail_server.mails(1)
        (found,) = await ended(database, portal, job)

    assert found.state is State.DONE
    assert received["Message-ID"] == f"<job-{job}.portal-{portal.portal}@{settings.base_domain}>"
    assert received["Date"].datetime == found.created_at.replace(microsecond=0)
    assert LINK in next(received.iter_parts()).get_content()
    assert found.payload == {}, "a mail that was sent leaves no link behind"


async def test_a_mail_sent_twice_is_the_same_message(
    database: Database,
    portal: Ownership,
    settings: Settings,
    mail_server: MailServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(claims, "LEASE_SECONDS", 0.5)
    job = await send_later(database, portal)
    handler = mailing(settings, mail_server)[mail.KIND]
    async with writing(database, portal) as session:
        claim = await claims.claim(session, job, "a worker that dies after sending")
    assert claim
    assert await handler(claim) == Done()
    monkeypatch.setattr(claims, "LEASE_SECONDS", 60.0)  # else a slow successor is followed, too

    async with working(database, portal, handlers={mail.KIND: handler}):
        first, second = await mail_server.mails(2)

    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]


async def test_a_mail_that_is_refused_for_good_keeps_the_reason(
    database: Database, portal: Ownership, settings: Settings, mail_server: MailServer
) -> None:
    mail_server.recipient_answers.append("550 5.1.1 mailbox unknown")
    job = await send_later(database, portal)

    async with working(database, portal, handlers=mailing(settings, mail_server)):
        (found,) = await ended(database, portal, job)

    assert (found.state, found.error) == (State.FAILED, "550 5.1.1 mailbox unknown")
    assert (found.attempts, found.payload) == (1, {})


@pytest.mark.parametrize(
    ("payload", "state", "error"),
    [
        (
            {"template": "farewell", "to": "a@example.org", "locale": "ru", "values": {}},
            State.DEAD,
            "no template 'farewell/ru.subject.txt'",
        ),
        (
            {"template": "confirmation", "to": "a@example.org", "locale": "ru", "values": {}},
            State.DEAD,
            "confirmation/ru.subject.txt: 'company' is undefined",
        ),
        ({"to": "a@example.org"}, State.DEAD, "the payload is not a mail"),
        (
            {
                "template": "confirmation",
                "to": "a@example.org\r\nBcc: b@example.org",
                "locale": "ru",
                "values": {"company": "A", "link": LINK, "first_name": ""},
            },
            State.FAILED,
            "not an address that mail can be sent to",
        ),
    ],
)
async def test_what_can_never_be_sent_is_not_tried_again(
    *,
    database: Database,
    portal: Ownership,
    settings: Settings,
    mail_server: MailServer,
    payload: dict[str, object],
    state: State,
    error: str,
) -> None:
    async with writing(database, portal) as session:
        job = await queue.enqueue(session, mail.KIND, payload)

    async with working(database, portal, handlers=mailing(settings, mail_server)):
        (found,) = await ended(database, portal, job)

    assert (found.state, found.error, found.attempts) == (state, error, 1)
    assert mail_server.received == []


def mailing(settings: Settings, server: MailServer) -> dict[str, Handler]:
    relay = Relay(server.host, server.port, starttls=False, greets_as=settings.base_domain)
    return {mail.KIND: MailHandler(relay, settings)}


async def send_later(database: Database, portal: Ownership) -> JobId:
    values = {"company": "ООО «Ромашка»", "link": LINK, "first_name": "Анна"}
    letter = Mail(template="confirmation", to="anna@example.org", locale="ru", values=values)
    async with writing(database, portal) as session:
        return await mail.send_later(session, letter)


async def attempted(database: Database, portal: Ownership, job: JobId, times: int) -> bool:
    return (await find(database, portal, job)).attempts >= times
