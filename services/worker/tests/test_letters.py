"""Every letter says what it must in each language, and no value can break out of its place."""

import itertools
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.mail import Mail
from kernel.messages import LOCALES
from worker.mail import letters, message
from worker.mail.letters import LetterError
from worker.mail.message import AddressError

COMPANY = 'ООО «Ромашка» & "Сыновья" <b>'
LINK = "https://romashka.portico.localhost/x#t0ken&a=1"
AT = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)
VALUES = {
    "confirmation": {"company": COMPANY, "link": LINK, "first_name": "Анна"},
    "invitation": {
        "company": COMPANY,
        "link": LINK,
        "inviter": "Jörg Müller",
        "expires_at": AT.isoformat(),
    },
}
CASES = list(itertools.product(VALUES, LOCALES))
SUBJECTS = {
    ("confirmation", "en"): f"Confirm your email address – {COMPANY}",
    ("confirmation", "ru"): f"Подтвердите адрес электронной почты — {COMPANY}",
    ("confirmation", "uk"): f"Підтвердьте адресу електронної пошти — {COMPANY}",
    ("confirmation", "de"): f"Bitte bestätigen Sie Ihre E-Mail-Adresse – {COMPANY}",
    ("invitation", "en"): f"Jörg Müller invites you to the portal of {COMPANY}",
    ("invitation", "ru"): f"Jörg Müller приглашает вас в портал компании {COMPANY}",
    ("invitation", "uk"): f"Jörg Müller запрошує вас до порталу компанії {COMPANY}",
    ("invitation", "de"): f"Jörg Müller lädt Sie in das Portal von {COMPANY} ein",
}
UNTIL = {
    "en": "November 21, 2026",
    "ru": "21 ноября 2026",
    "uk": "21 листопада 2026",
    "de": "21. November 2026",
}


def mail(template: str, locale: str, **changed: str) -> Mail:
    values = {**VALUES[template], **changed}
    return Mail(template=template, to="anna@example.org", locale=locale, values=values)


def built(letter: Mail, to: str = "anna@example.org") -> EmailMessage:
    made = message.build(
        letters.render(letter),
        sender="Portico <no-reply@portico.localhost>",
        to=to,
        message_id="<job-7.portal-9@portico.localhost>",
        at=AT,
    )
    return message_from_bytes(made.as_bytes(), policy=policy.default)


@pytest.mark.parametrize(("template", "locale"), CASES)
def test_a_letter_arrives_as_it_was_written(template: str, locale: str) -> None:
    arrived = built(mail(template, locale))
    text, html = (part.get_content() for part in arrived.iter_parts())

    assert arrived["Subject"] == SUBJECTS[template, locale]
    assert arrived["From"] == "Portico <no-reply@portico.localhost>"
    assert arrived["To"] == "anna@example.org"
    assert arrived["Message-ID"] == "<job-7.portal-9@portico.localhost>"
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert arrived["Content-Language"] == locale
    assert arrived["Date"].datetime == AT
    assert arrived.get_content_type() == "multipart/alternative"
    assert LINK in text.splitlines()
    assert COMPANY in text
    assert 'href="https://romashka.portico.localhost/x#t0ken&amp;a=1"' in html
    assert "ООО «Ромашка» &amp; &#34;Сыновья&#34; &lt;b&gt;" in html
    assert f'lang="{locale}"' in html


@pytest.mark.parametrize("locale", LOCALES)
def test_an_invitation_says_who_invites_and_until_when(locale: str) -> None:
    letter = letters.render(mail("invitation", locale))

    for body in (letter.text, letter.html):
        assert "Jörg Müller" in body
        assert UNTIL[locale] in body
        assert "UTC" in body


@pytest.mark.parametrize("locale", LOCALES)
def test_a_person_without_a_name_is_greeted_too(locale: str) -> None:
    greeting = letters.render(mail("confirmation", locale, first_name="")).text.splitlines()[0]
    named = letters.render(mail("confirmation", locale)).text.splitlines()[0]

    assert greeting in {"Hello,", "Здравствуйте!", "Вітаємо!", "Guten Tag,"}
    assert "Анна" in named


def test_every_template_is_there_in_every_language_and_form() -> None:
    found = {str(p.relative_to(letters.TEMPLATES)) for p in letters.TEMPLATES.glob("*/*")}
    forms = ("subject.txt", "txt", "html")
    assert found == {f"{name}/{loc}.{form}" for name, loc in CASES for form in forms}


def test_an_unknown_language_is_answered_in_english() -> None:
    assert letters.render(mail("confirmation", "fr")).locale == "en"


@pytest.mark.parametrize("name", ["farewell", "../mail/templates/confirmation", ""])
def test_an_unknown_template_is_an_error(name: str) -> None:
    unknown = Mail(template=name, to="a@example.org", locale="en", values={"link": LINK})
    with pytest.raises(LetterError):
        letters.render(unknown)


@pytest.mark.parametrize("missing", ["company", "expires_at"])
def test_a_missing_value_is_named_and_no_other_is_shown(missing: str) -> None:
    values = {name: value for name, value in VALUES["invitation"].items() if name != missing}
    incomplete = Mail(template="invitation", to="a@example.org", locale="ru", values=values)
    with pytest.raises(LetterError, match=f"'{missing}' is undefined") as caught:
        letters.render(incomplete)
    assert "t0ken" not in str(caught.value)


def test_a_moment_that_is_none_is_an_error() -> None:
    with pytest.raises(LetterError, match=r"invitation/de\.txt"):
        letters.render(mail("invitation", "de", expires_at="next week"))


@settings(deadline=None, max_examples=40)  # what it takes is not the question
@given(company=st.text(), inviter=st.text())
def test_no_value_adds_a_header(company: str, inviter: str) -> None:
    usual = built(mail("invitation", "en"))
    odd = built(mail("invitation", "en", company=company, inviter=inviter))
    assert odd.keys() == usual.keys()


def test_a_line_break_in_a_name_stays_in_the_subject() -> None:
    arrived = built(mail("invitation", "en", company="Acme\r\nBcc: everybody@example.org"))
    assert arrived["Bcc"] is None
    assert arrived["Subject"].endswith("of Acme Bcc: everybody@example.org")


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("anna@example.org", "anna@example.org"),
        ("почта@компания.рф", None),
        ("info@компания.рф", "info@xn--80aqeigdi5k.xn--p1ai"),
        ("info@Bücher.example", "info@xn--bcher-kva.example"),
        ("a@b.example\r\nBcc: c@d.example", None),
        ("a@b.example, c@d.example", None),
        ("<a@b.example>", None),
        ("Anna", None),
        ("", None),
    ],
)
def test_an_address_is_one_mailbox_or_refused(written: str, sent: str | None) -> None:
    if sent is None:
        with pytest.raises(AddressError):
            built(mail("confirmation", "en"), to=written)
    else:
        assert built(mail("confirmation", "en"), to=written)["To"] == sent
