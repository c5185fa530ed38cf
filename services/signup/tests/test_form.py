"""The form: what is cleaned, what is refused, and in which language it is told."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import signup
from kernel import messages
from kernel.errors import InvalidFieldsError
from signup import form, passwords
from signup.form import Filled, Rules

RULES = Rules("portico.localhost", ["eu", "ru", "ua", "us"])
TEXTS = messages.load([Path(signup.__file__).parent / "messages.toml"])
GOOD = {
    "company": "Acme",
    "host": "acme",
    "email": "boss@acme.example",
    "password": "correct horse",
}


def read(locale: str = "en", /, **changes: Any) -> Filled:
    body = {k: v for k, v in (GOOD | changes).items() if v is not ...}
    return form.read(body, RULES, locale=locale, catalogue=TEXTS)


def codes(**changes: Any) -> dict[str, str]:
    with pytest.raises(InvalidFieldsError) as raised:
        read(**changes)
    return {e.pointer: e.code for e in raised.value.errors}


def test_a_good_form_is_taken_as_it_is() -> None:
    filled = read(first_name="Anna", last_name="Schmidt", locale="de", region="us")

    assert filled.password == "correct horse"
    assert filled.application == form.Application(
        "Acme", "acme", "boss@acme.example", "Anna", "Schmidt", "de", "us"
    )


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        ({"company": "  ООО «Ромашка» "}, "company", "ООО «Ромашка»"),
        ({"company": "Cafe\u0301"}, "company", "Café"),
        ({"host": " ACME "}, "host", "acme"),
        ({"host": "Acme.Portico.localhost"}, "host", "acme"),
        ({"host": "acme.portico.localhost."}, "host", "acme"),
        ({"host": "компания"}, "host", "компания"),
        ({"email": " Boss@EXAMPLE.com "}, "email", "Boss@example.com"),
        ({"email": "chef@bücher.example"}, "email", "chef@bücher.example"),
        ({"email": "chef@xn--bcher-kva.example"}, "email", "chef@bücher.example"),
        ({"email": "иван@пример.рф"}, "email", "иван@пример.рф"),
        ({"first_name": ""}, "first_name", None),
        ({"first_name": None}, "first_name", None),
        ({"locale": None}, "locale", "en"),
        ({"region": None}, "region", "us"),
    ],
)
def test_fields_are_cleaned(changes: dict[str, Any], field: str, expected: object) -> None:
    assert getattr(read(**changes).application, field) == expected


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"company": ...}, "/company", "required"),
        ({"company": None}, "/company", "not-text"),
        ({"company": 7}, "/company", "not-text"),
        ({"company": " \t "}, "/company", "too-short"),
        ({"company": "x" * 201}, "/company", "too-long"),
        ({"company": "a\nb"}, "/company", "control-characters"),
        ({"company": "a\x00b"}, "/company", "control-characters"),
        ({"company": "a\u2028b"}, "/company", "control-characters"),
        ({"last_name": "x" * 101}, "/last_name", "too-long"),
        ({"last_name": "a\rb"}, "/last_name", "control-characters"),
        ({"host": "a.b"}, "/host", "host-malformed"),
        ({"host": "a b"}, "/host", "host-malformed"),
        ({"host": ".portico.localhost"}, "/host", "host-malformed"),
        ({"host": "acme.example.com"}, "/host", "host-malformed"),
        ({"host": "acme:8080"}, "/host", "host-malformed"),
        ({"host": "http://acme"}, "/host", "host-malformed"),
        ({"host": "x" * 254}, "/host", "too-long"),
        ({"email": "boss"}, "/email", "email-malformed"),
        ({"email": "boss@acme"}, "/email", "email-malformed"),
        ({"email": "a@b@acme.example"}, "/email", "email-malformed"),
        ({"email": "boss@acme.example\nBcc: all@acme.example"}, "/email", "email-malformed"),
        ({"email": "Boss <boss@acme.example>"}, "/email", "email-malformed"),
        ({"locale": "fr"}, "/locale", "locale-unknown"),
        ({"region": "mars"}, "/region", "region-unknown"),
        ({"region": "default"}, "/region", "region-unknown"),
        ({"password": "1234567"}, "/password", "too-short"),
        ({"password": "x" * 129}, "/password", "too-long"),
        ({"password": "Password123"}, "/password", "password-common"),
        ({"password": "пароль123"}, "/password", "password-common"),
        ({"password": "BOSS@acme.example"}, "/password", "password-repeats-form"),
        ({"password": "acme.portico.localhost"}, "/password", "password-repeats-form"),
        ({"password": "Long Company", "company": "long company"}, "/password", "password-repeats-form"),
        ({"password": "longlabel", "host": "longlabel"}, "/password", "password-repeats-form"),
        ({"password": "director", "email": "director@acme.example"}, "/password", "password-repeats-form"),
        ({"pasword": "correct horse"}, "/pasword", "unknown"),
        ({"a/b~c": 1}, "/a~1b~0c", "unknown"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(changes: dict[str, Any], pointer: str, code: str) -> None:
    assert codes(**changes) == {pointer: code}


def test_all_wrong_fields_are_told_at_once() -> None:
    assert codes(company="", email="x", password="short", locale="xx", more=1) == {
        "/company": "too-short",
        "/email": "email-malformed",
        "/password": "too-short",
        "/locale": "locale-unknown",
        "/more": "unknown",
    }


def test_a_body_of_nonsense_gets_a_short_answer() -> None:
    assert len(codes(**{f"x{n}": n for n in range(5000)})) == form.MOST_ERRORS


@pytest.mark.parametrize("length", [passwords.SHORTEST, passwords.LONGEST])
def test_a_password_needs_length_and_nothing_else(length: int) -> None:
    assert read(password="ж" * length).password == "ж" * length


@pytest.mark.parametrize(
    ("locale", "region"), [("ru", "ru"), ("uk", "ua"), ("de", "eu"), ("en", "us")]
)
def test_the_region_follows_the_language(locale: str, region: str) -> None:
    assert read(locale=locale).application.region == region
    assert read(locale).application.region == region


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en", "There is no such field."),
        ("ru", "Такого поля нет."),
        ("uk", "Такого поля немає."),
        ("de", "Dieses Feld gibt es nicht."),
    ],
)
def test_errors_are_told_in_the_language_of_the_person(locale: str, text: str) -> None:
    with pytest.raises(InvalidFieldsError) as raised:
        read(locale, nonsense=1)

    assert raised.value.errors[0].detail == text


def test_a_language_chosen_in_the_body_counts_even_if_the_rest_is_wrong() -> None:
    assert form.locale_in({"locale": "uk", "company": 7}, "de") == "uk"
    assert form.locale_in({"locale": ["uk"]}, "de") == "de"
    assert form.locale_in({}, "de") == "de"


def test_every_code_has_a_text_in_every_language() -> None:
    found = {f"field.{code}" for code in form.CODES.values()}

    assert found <= TEXTS.codes
    assert TEXTS.missing() == []


@given(
    st.dictionaries(st.sampled_from([*GOOD, "locale", "region", "x"]), st.text() | st.integers())
)
def test_any_body_is_either_taken_or_explained(changes: dict[str, Any]) -> None:
    with suppress(InvalidFieldsError):
        application = read(**changes).application

        assert 1 <= len(application.company) <= 200
        assert "\n" not in application.company + application.email + application.host


@given(st.text(min_size=1))
def test_no_text_of_the_form_reaches_the_error_itself(secret: str) -> None:
    marked = f"seKret{secret}" * 30
    with pytest.raises(InvalidFieldsError) as raised:
        read(password=marked)

    assert "seKret" not in repr(raised.value.errors)
    assert "seKret" not in str(raised.value)


def test_a_password_is_never_shown() -> None:
    assert "correct horse" not in repr(read())
